"""The only hands: everything that touches the disk, the network or the service manager."""
