"""Train small nets with every optimiser, schedules, clipping, dropout and a data loader."""

import copy

import torch
from torch import nn

net = nn.Sequential(
    nn.Embedding(20, 16), nn.Linear(16, 32), nn.LayerNorm(32), nn.GELU(), nn.Dropout(0.1)
)
head = nn.Linear(32, 20)
data = torch.utils.data.TensorDataset(torch.randint(0, 20, (64, 9)), torch.randint(0, 20, (64, 9)))
loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
names = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adadelta")
for name in names:
    body, top = copy.deepcopy(net), copy.deepcopy(head)
    parameters = [*body.parameters(), *top.parameters()]
    optimiser = getattr(torch.optim, name)(parameters, lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 4)
    for x, y in loader:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(top(body(x)).flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
    assert torch.isfinite(loss)
weight = torch.nn.Parameter(torch.randn(5))
lbfgs = torch.optim.LBFGS([weight])


def closure():
    lbfgs.zero_grad()
    loss = (weight**2).sum()
    loss.backward()
    return loss


lbfgs.step(closure)
