"""Several threads: torch's own, Python's, and pools of them."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch

torch.set_num_threads(4)
a = torch.randn(900, 900, requires_grad=True)
((a @ a).relu().sum() + a.exp().sum()).backward()
torch.nn.functional.conv2d(torch.randn(8, 16, 64, 64), torch.randn(16, 16, 3, 3))
torch.sort(torch.randn(10**6)), torch.randn(10**6).sum(), torch.cumsum(torch.randn(1000, 999), 0)
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(lambda n: float(torch.full((n,), 2.0).sum()), range(5))) == [
        0.0,
        2.0,
        4.0,
        6.0,
        8.0,
    ]
future = torch.jit.fork(torch.add, a, a)
torch.jit.wait(future)
box, lock, done = queue.Queue(), threading.Lock(), threading.Event()
worker = threading.Thread(target=lambda: (box.get(timeout=5), done.set()))
worker.start()
with lock:
    box.put(1)
assert done.wait(5)
worker.join()
threading.Timer(0.01, lambda: None).start()
time.sleep(0.05)
