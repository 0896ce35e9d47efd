"""The game itself: utilities, tie rules, policies, posteriors, the exact simulator; all else is built on it."""
