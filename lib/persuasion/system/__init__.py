"""What running on somebody's machine asks for: folders, processes, interrupts, progress."""
