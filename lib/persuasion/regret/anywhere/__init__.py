"""Best responses among all policies: enumeration, mixed-integer and bilinear programs, column generation."""
