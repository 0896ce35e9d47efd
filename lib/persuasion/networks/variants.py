"""What can be chosen, by name; needs no torch."""

ARCHITECTURE_NAMES = ("relu", "delu", "dnl")

GENERATED = {
    "hidden": ("hidden2", "hidden3"),
    "all": ("hidden2", "hidden3", "output"),
    "hidden-output": ("hidden2", "output"),
}
