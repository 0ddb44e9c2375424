"""How soon after the first complaint, at how many false alarms: carebot's detector beside what others would use instead.

`python -m benchmarks.detection` simulates minute streams of seven rates with the waves real streams have, injects incidents, sets each
detector's threshold on one set of streams and measures it on another. The streams follow SIM-v1, the simulator of the bake-off that the
detector was chosen by; the seeds are our own. `parts` names what else it measures: rougher worlds, recorded streams, another benchmark,
storms, late messages, doubt, whole brands, cost, and what each part of the detector buys.
"""
