"""The tolerances that several modules share, each with what it is for; what one module alone needs stays there."""

# the receiver is indifferent: as a share of what is at stake between two actions at a joint signal
TIE_TOLERANCE = 1e-9
# how far a row that is given as a distribution may be from one; from input of lower precision than float64
PROBABILITY_TOLERANCE = 1e-9
SINGLE_PRECISION_TOLERANCE = 1e-5
# a row whose sum is this close to 1 stays bit for bit, so that cleaning twice changes nothing
ROW_ROUNDING = 1e-14
# what a few operations in double precision may leave of a 0
ROUNDING = 1e-12
# keeps a division by 0 finite
VANISHING = 1e-300

# values, in stakes, this close are the same value
EQUAL = 1e-9
# a value and its bound this close, in stakes, leave nothing open
CLOSED = 1e-6
# utilities, in stakes or utility ranges, this close are reported as the same
SAME_UTILITY = 1e-6
# joint distributions of state and action this close are the same outcome
SAME_OUTCOME = 1e-6
# gains, in stakes, up to which a search for equilibria is content, if its caller names none
REGRET_TOLERANCE = 1e-5

# a slack in a solver's point this far from 0 is none of the solver's errors
CLEAR = 1e-6
# the receiver's actions are read off a solver's point with this slack
READ_TOLERANCE = 1e-8
# weights of a solver's solution up to this are none
DUST = 1e-9
# relative gap at which a mixed-integer or bilinear program counts as solved
GAP = 1e-9
# matrix entries below this weigh nothing, and make the simplex method cycle
SMALL_ENTRY = 1e-9
