"""What the lead reads on Monday: a week of the desk (`carebot report`); and one customer's matter in one view (`carebot case`)."""
