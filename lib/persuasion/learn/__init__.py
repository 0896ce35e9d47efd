"""Fitting the senders' utilities, moving policies along their gradients, checking the end points by sampling."""
