"""Faults planted in copies of the library: for each a test has to fail. One in every part of the library is
enough each time; `make stress` plants all."""

import pytest

from stress import planted

pytestmark = pytest.mark.slow
FIRST = {fault.file.split("/")[1]: fault for fault in reversed(planted.FAULTS)}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.what, marks=[] if fault in kept else pytest.mark.stress)
        for kept in [(FIRST["model"], FIRST["regret"], FIRST["learn"])]
        for fault in planted.FAULTS
    ],
)
def test_a_planted_fault_is_noticed(fault, tmp_path):
    assert planted.noticed_by(fault, tmp_path) is not None
