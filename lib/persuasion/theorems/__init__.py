"""The paper's constructions: public persuasion (Theorem 3), Gray codes (Theorem 4), win-lose games (Theorem 5)."""
