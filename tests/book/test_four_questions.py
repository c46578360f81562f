"""The four questions get the answers that follow from how a layer is built."""

from __future__ import annotations

import pytest
import torch
from four_questions import (
    LAYERS,
    QUESTIONS,
    WIDTH,
    ask,
    four_questions,
    growth,
    looking_back,
    one_vector,
)

from solutions.attention import MultiHeadAttention
from solutions.rnn import RNN, identity_start


def test_a_recurrent_layer_keeps_a_fixed_state_and_a_growing_chain() -> None:
    torch.manual_seed(0)
    answers = ask(RNN(WIDTH, WIDTH))
    assert answers.state_bytes == (WIDTH * 4, WIDTH * 4)
    short, long = answers.serial_steps
    assert 50 < long / short < 150  # 10 and 1,000 tokens
    assert answers.operations[0] == answers.operations[1] == 2 * 2 * WIDTH * WIDTH
    assert answers.gradient < 1e-6


def test_attention_keeps_everything_and_reads_it_all_again() -> None:
    torch.manual_seed(0)
    answers = ask(MultiHeadAttention(d_model=WIDTH, num_heads=4))
    assert answers.state_bytes == (10 * 2 * WIDTH * 4, 1000 * 2 * WIDTH * 4)
    assert answers.serial_steps[0] == answers.serial_steps[1]
    assert answers.operations[1] > answers.operations[0]


def test_one_vector_keeps_a_fixed_state_and_forgets_what_looking_back_still_hears() -> None:
    torch.manual_seed(0)
    vector, back = ask(one_vector(WIDTH)), ask(looking_back(WIDTH))
    assert vector.state_bytes == (2 * WIDTH * 4, 2 * WIDTH * 4)
    token = (WIDTH + WIDTH) * 4 + 1  # the encoder's state, its key, its mask
    assert back.state_bytes == (WIDTH * 4 + 10 * token, WIDTH * 4 + 1000 * token)
    assert vector.gradient < 1e-6 < 1e-3 < back.gradient
    assert back.operations[1] > 2 * back.operations[0]
    assert vector.operations[0] == vector.operations[1]


@pytest.mark.parametrize("name", ["mamba2", "delta"])
def test_chunks_keep_a_fixed_state_and_a_short_chain(name: str) -> None:
    torch.manual_seed(0)
    answers = ask(LAYERS[name][1](WIDTH))
    assert answers.state_bytes[0] == answers.state_bytes[1]
    assert answers.operations[0] == answers.operations[1]
    short, long = answers.serial_steps
    assert short < long < 8 * short  # 16 chunks in place of 1


def test_a_start_that_copies_lets_the_gradient_pass() -> None:
    torch.manual_seed(0)
    layer = identity_start(RNN(WIDTH, WIDTH, "relu"))
    torch.nn.init.normal_(layer.cell.weight_ih, std=0.1)
    assert 0.1 < ask(layer).gradient < 10


def test_the_table_ends_with_the_chapter_s_layer() -> None:
    html = four_questions("rnn")._repr_html_()
    assert html.count('<th scope="row">') == 1 + list(LAYERS).index("rnn")
    assert all(question in html for question in QUESTIONS)
    with pytest.raises(KeyError, match="no layer 'abacus'"):
        four_questions("abacus")


def test_an_answer_gives_both_lengths_only_where_they_differ() -> None:
    assert growth((256, 256), "bytes") == "256 bytes at any length"
    assert growth((40, 4000), "steps") == "40 → 4,000 steps"
