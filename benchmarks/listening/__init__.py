"""What listening costs: every connector by itself, a burst, two hundred sources that say nothing, and the memory of a storm."""
