"""Faults planted in copies of the library: for each a test has to fail."""

import pytest

from stress import planted

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", planted.FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_noticed(fault, tmp_path):
    assert planted.noticed_by(fault, tmp_path) is not None
