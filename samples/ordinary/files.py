"""Write, read, copy and remove files where that is allowed; save and load models."""

import csv
import json
import mmap
import os
import pathlib
import pickle
import shutil
import tempfile
import zipfile

import numpy as np
import torch

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "a").mkdir()
    (folder / "a" / "text").write_text("some text\n" * 100)
    os.chmod(folder / "a" / "text", 0o600)
    shutil.copytree(folder / "a", folder / "b")
    shutil.copy(folder / "a" / "text", folder / "c")
    shutil.move(folder / "c", folder / "d")
    os.replace(folder / "d", folder / "e")
    os.symlink("e", folder / "link")
    os.link(folder / "e", folder / "hard")
    (folder / "e").touch()
    os.truncate(folder / "e", 5)
    assert (folder / "link").read_text() == "some "
    assert (folder / "link").resolve().exists()
    assert len(list(folder.rglob("*"))) == 7
    assert len(list(os.scandir(folder))) == 5
    torch.save({"w": torch.randn(10, 10)}, folder / "model.pt")
    torch.load(folder / "model.pt", mmap=True)["w"].sum()
    np.save(folder / "array.npy", np.arange(10))
    np.load(folder / "array.npy", mmap_mode="r").sum()
    np.savez_compressed(folder / "arrays.npz", a=np.arange(10))
    torch.from_file(str(folder / "shared"), shared=True, size=10).fill_(1.0)
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.write(folder / "e")
    with (folder / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerow([1, 2])
    with (folder / "x.json").open("w") as file:
        json.dump({}, file)
    with (folder / "a" / "text").open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[0] = 65
        view.flush()
    pickle.loads(pickle.dumps(np.arange(3)))
    os.listdir(folder), os.stat(folder), os.access(folder, os.W_OK), os.getcwd()
    shutil.disk_usage(folder)
with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as named:
    file.write(b"x")
    file.seek(0)
    os.fstat(named.fileno()), os.dup(file.fileno())
