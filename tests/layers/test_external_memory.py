"""The external memory: its limits, its heads against loops, and the machine as a layer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from solutions.external_memory import (
    NeuralTuringMachine,
    content_weights,
    move_weights,
    read_memory,
    write_memory,
)
from tests.layers import recipe


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def spread(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64).softmax(-1).requires_grad_()


def one_hot(*slots: int, size: int) -> Tensor:
    return torch.eye(size, dtype=torch.float64)[list(slots)].unsqueeze(0)


def test_content_weights_slot_by_slot() -> None:
    memory, key, strength = numbers(2, 5, 3), numbers(2, 2, 3), numbers(2, 2).exp()
    weights = content_weights(memory, key, strength)
    for b in range(2):
        for n in range(2):
            scores = []
            for i in range(5):
                u, v = key[b, n].tolist(), memory[b, i].tolist()
                dot = sum(p * q for p, q in zip(u, v, strict=True))
                cosine = dot / (math.hypot(*u) * math.hypot(*v))
                scores.append(math.exp(strength[b, n].item() * cosine))
            wanted = torch.tensor(scores, dtype=torch.float64) / sum(scores)
            recipe.assert_close("w", weights[b, n], wanted)


def test_a_sharp_key_is_a_hard_lookup_and_a_dull_one_takes_the_mean() -> None:
    memory = numbers(1, 6, 4)
    key = 5 * memory[:, 2:4].detach()  # only the direction counts
    sharp = content_weights(memory, key, torch.full((1, 2), 1e6, dtype=torch.float64))
    recipe.assert_close("sharp", sharp, one_hot(2, 3, size=6))
    recipe.assert_close("looked up", read_memory(memory, sharp), memory[:, 2:4])
    dull = content_weights(memory, key, torch.zeros(1, 2, dtype=torch.float64))
    recipe.assert_close("mean", read_memory(memory, dull)[0, 0], memory[0].mean(0))
    alike = memory[:, :1].expand(-1, 6, -1)
    same = content_weights(alike, key, torch.full((1, 2), 50.0, dtype=torch.float64))
    recipe.assert_close("uniform", same, torch.full((1, 2, 6), 1 / 6, dtype=torch.float64))


def test_an_empty_slot_or_key_is_like_nothing_and_has_finite_gradients() -> None:
    memory, key = numbers(1, 3, 2), numbers(1, 2, 2)
    with torch.no_grad():
        memory[0, 1] = 0
        key[0, 1] = 0
    weights = content_weights(memory, key, torch.ones(1, 2, dtype=torch.float64))
    recipe.assert_close("uniform", weights[0, 1], torch.full((3,), 1 / 3, dtype=torch.float64))
    for gradient in torch.autograd.grad((weights**2).sum(), (memory, key)):
        assert gradient.isfinite().all()


def test_move_weights_slot_by_slot() -> None:
    content, previous, shift = spread(2, 2, 5), spread(2, 2, 5), spread(2, 2, 3)
    gate, sharpness = numbers(2, 2).sigmoid(), 1 + numbers(2, 2).exp()
    weights = move_weights(content, previous, gate, shift, sharpness)
    for b in range(2):
        for n in range(2):
            g, gamma = gate[b, n].item(), sharpness[b, n].item()
            mixed = [
                g * content[b, n, i].item() + (1 - g) * previous[b, n, i].item() for i in range(5)
            ]
            moved = [
                sum(mixed[(i - step) % 5] * shift[b, n, step + 1].item() for step in (-1, 0, 1))
                for i in range(5)
            ]
            powers = torch.tensor([m**gamma for m in moved], dtype=torch.float64)
            recipe.assert_close("w", weights[b, n], powers / powers.sum())


def test_limits_of_moving() -> None:
    content, previous = spread(1, 1, 5), spread(1, 1, 5)
    zero, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    back, stay, ahead = torch.eye(3, dtype=torch.float64).unsqueeze(0).unbind(1)
    recipe.assert_close(
        "by content", move_weights(content, previous, one, stay[None], one), content
    )
    recipe.assert_close("stays", move_weights(content, previous, zero, stay[None], one), previous)
    for shift, by in ((ahead, 1), (back, -1)):
        moved = move_weights(content, previous, zero, shift[None], one)
        recipe.assert_close(f"moved by {by}", moved, previous.roll(by, -1))
    sharp = move_weights(content, previous, zero, stay[None], 1e5 * one)
    recipe.assert_close("sharp", sharp, one_hot(int(previous.argmax()), size=5))


def test_write_slot_by_slot_and_order_of_the_heads_does_not_matter() -> None:
    memory, weights = numbers(2, 4, 3), spread(2, 2, 4)
    erase, add = numbers(2, 2, 3).sigmoid(), numbers(2, 2, 3)
    before = memory.detach().clone()
    written = write_memory(memory, weights, erase, add)
    for b in range(2):
        for i in range(4):
            row = memory[b, i]
            for n in range(2):
                row = row * (1 - weights[b, n, i] * erase[b, n])
            for n in range(2):
                row = row + weights[b, n, i] * add[b, n]
            recipe.assert_close("row", written[b, i], row)
    flipped = write_memory(memory, weights.flip(1), erase.flip(1), add.flip(1))
    recipe.assert_close("flipped", flipped, written)
    assert torch.equal(memory.detach(), before)


def test_a_hard_write_replaces_one_slot_and_can_be_read_back() -> None:
    memory, where = numbers(1, 5, 3), one_hot(3, size=5)
    ones, zeros = torch.ones(1, 1, 3, dtype=torch.float64), torch.zeros(1, 1, 3).double()
    add = numbers(1, 1, 3)
    written = write_memory(memory, where, ones, add)
    recipe.assert_close("read back", read_memory(written, where), add)
    others = [0, 1, 2, 4]
    assert torch.equal(written[:, others], memory[:, others])
    assert torch.equal(write_memory(memory, where, zeros, zeros), memory)
    # What was put there is found again by a key of that direction.
    found = content_weights(written, add, torch.full((1, 1), 1e6, dtype=torch.float64))
    recipe.assert_close("found", found, where)


def test_gradcheck_of_every_operation() -> None:
    memory, key, strength = numbers(1, 3, 2), numbers(1, 2, 2), numbers(1, 2)
    assert torch.autograd.gradcheck(content_weights, (memory, key, strength))
    arguments = (spread(1, 2, 3), spread(1, 2, 3), numbers(1, 2), spread(1, 2, 3))
    sharpness = (1 + torch.rand(1, 2, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(move_weights, (*arguments, sharpness))
    assert torch.autograd.gradcheck(read_memory, (memory, spread(1, 2, 3)))
    written = (memory, spread(1, 2, 3), numbers(1, 2, 2), numbers(1, 2, 2))
    assert torch.autograd.gradcheck(write_memory, written)


MACHINES = {
    "one head each": (3, 2, 4, 5, 3, 1, 1),
    "more heads": (3, 2, 4, 3, 2, 2, 3),
    "one slot": (3, 2, 4, 1, 2, 1, 1),
}


@pytest.mark.parametrize("kind", MACHINES)
def test_machine_streams(kind: str) -> None:
    machine = NeuralTuringMachine(*MACHINES[kind]).double()
    for batch, time in ((3, 7), (1, 1)):
        x = torch.randn(batch, time, 3, dtype=torch.float64)
        recipe.check_step_forward_chunks(machine, x)
        warm = recipe.map_state(Tensor.detach, machine(x)[1])
        recipe.check_step_forward_chunks(machine, x, warm)


@pytest.mark.parametrize("kind", ["one head each", "more heads"])
def test_promises_of_a_sequence_layer(kind: str) -> None:
    machine = NeuralTuringMachine(*MACHINES[kind]).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    warm = recipe.map_state(Tensor.detach, machine(x[:1])[1])
    recipe.check_gradients(machine, x[:1, :3], warm, fast=True)
    recipe.check_causality(machine, x)
    recipe.check_state_size(machine, x)
    recipe.check_dtypes(machine, x)
    recipe.check_bad_input(machine, 3)


def test_one_step_written_out_for_one_sequence() -> None:
    width, slots, reads, writes = 2, 4, 2, 2
    machine = NeuralTuringMachine(3, 2, 5, slots, width, reads, writes).double()
    _, before = machine(torch.randn(1, 3, 3, dtype=torch.float64))
    x = torch.randn(1, 3, dtype=torch.float64)
    y, after = machine.step(x, before)
    h, c = machine.controller(torch.cat([x, before.read.flatten(1)], dim=1), (before.h, before.c))

    def weights(memory: Tensor, previous: Tensor, wish: Tensor) -> Tensor:
        key, (beta, g), s, gamma = wish[:2], wish[2:4], wish[4:7].exp(), wish[7]
        cosine = torch.stack([key @ row / (key.norm() * row.norm()) for row in memory])
        content = ((1 + beta.exp()).log() * cosine).exp()
        g = 1 / (1 + (-g).exp())
        mixed = g * content / content.sum() + (1 - g) * previous
        s = s / s.sum()
        moved = s[0] * mixed[[1, 2, 3, 0]] + s[1] * mixed + s[2] * mixed[[3, 0, 1, 2]]
        powers = moved ** (1 + (1 + gamma.exp()).log())
        return powers / powers.sum()

    memory = before.memory[0]
    write = machine.writing(h)[0].reshape(writes, 3 * width + 6)
    where = [weights(memory, before.write_weights[0, n], write[n]) for n in range(writes)]
    new = memory
    for n in range(writes):
        erase = 1 / (1 + (-write[n, 8:10]).exp())
        new = new * (1 - torch.outer(where[n], erase))
    for n in range(writes):
        new = new + torch.outer(where[n], write[n, 10:12])
    read = machine.reading(h)[0].reshape(reads, width + 6)
    looks = [weights(new, before.read_weights[0, n], read[n]) for n in range(reads)]
    found = torch.cat([look @ new for look in looks])
    for name, got, wanted in (
        ("M", after.memory[0], new),
        ("w to write", after.write_weights[0], torch.stack(where)),
        ("w to read", after.read_weights[0], torch.stack(looks)),
        ("r", after.read[0].flatten(), found),
        ("h", after.h, h),
        ("c", after.c, c),
        ("y", y, machine.output(torch.cat([h[0], found])).unsqueeze(0)),
    ):
        recipe.assert_close(name, got, wanted)


def test_every_parameter_learns_through_three_steps() -> None:
    machine = NeuralTuringMachine(*MACHINES["more heads"]).double()
    y, _ = machine(numbers(2, 3, 3))
    (y**2).sum().backward()
    for name, parameter in machine.named_parameters():
        assert parameter.grad is not None, name
        assert torch.all(parameter.grad.abs().sum() > 0), name


def test_saturated_gates_stay_finite() -> None:
    for scale in (1e3, -1e3):
        machine = NeuralTuringMachine(*MACHINES["more heads"])
        with torch.no_grad():
            for part in (machine.reading, machine.writing):
                part.weight.zero_()
                part.bias.copy_(scale * torch.randn_like(part.bias).sign())
        x = torch.randn(2, 20, 3, requires_grad=True)
        y, state = machine(x)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert gradient.isfinite().all()
        for weights in (state.read_weights, state.write_weights):
            assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-5)


def test_state_does_not_grow_and_holds_what_it_says() -> None:
    machine = NeuralTuringMachine(3, 2, hidden_size=6, slots=8, width=4, read_heads=2)
    _, state = machine(torch.randn(5, 9, 3))
    shapes = [tuple(part.shape) for part in state]
    assert shapes == [(5, 8, 4), (5, 2, 8), (5, 1, 8), (5, 2, 4), (5, 6), (5, 6)]
    assert recipe.state_bytes(state) == 5 * 4 * (32 + 16 + 8 + 8 + 12)


def test_initial_states_share_no_weights_between_heads_and_batches() -> None:
    machine = NeuralTuringMachine(*MACHINES["more heads"])
    state = machine.initial_state(2)
    for weights in (state.read_weights, state.write_weights):
        assert torch.all(weights[..., 0] == 1)
        assert torch.all(weights[..., 1:] == 0)
    assert torch.equal(state.memory[0], machine.start)


def test_graph_is_traced_whole() -> None:
    machine = NeuralTuringMachine(*MACHINES["one head each"]).double()
    recipe.check_compiles(machine, torch.randn(2, 3, 3).double())


def test_sizes_below_one_are_named() -> None:
    with pytest.raises(ValueError, match=r"^sizes must"):
        NeuralTuringMachine(3, 2, 4, 0, 2)
