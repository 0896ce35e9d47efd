"""Faults planted in copies of the library: for each a test has to fail. One in every part of the library is
enough each time; `make stress` plants all."""

import re

import pytest

from stress import planted

pytestmark = pytest.mark.slow
FIRST = {fault.file.split("/")[1]: fault for fault in reversed(planted.FAULTS)}


def test_every_fault_can_be_planted_and_has_its_test():
    for fault in planted.FAULTS:
        source = (planted.ROOT / "lib" / fault.file).read_text(encoding="utf-8")
        assert source.count(fault.right) == 1, fault.what
        file, _, name = fault.test.partition("::")
        tests = (planted.ROOT / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"def {name}\(", tests), fault.test


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
