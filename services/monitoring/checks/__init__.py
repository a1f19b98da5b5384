"""What was promised against what happened: pure rules over raw dates, amounts and documents. No I/O."""
