"""What running on somebody's machine asks for: folders, memory, processes, interrupts, progress."""
