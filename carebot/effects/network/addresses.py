"""Which addresses carebot may connect to: anyone's on the internet, our own house's where the operator said so, and nobody else's.

Pure. A name in a feed, a redirect or a rules file may lead into the bank, to the machine itself or to a cloud's credentials; so what
is asked here is the address that is connected to, in its plain form, after the name was resolved. Anything else is no address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Python 3.11.7 says is_global to both, and to most of the IPv6 tunnels that lead back to an IPv4 address (measured 2026-11).
_NOT_PUBLIC_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# All public IPv6 is in 2000::/3: this alone keeps out ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, fec0::/10 and multicast.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
_PRIVATE_4 = tuple(map(IPv4Network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_CLOUD_6 = IPv6Network("fd00:ec2::/32")  # a cloud machine's own credentials are served here, and on 169.254.169.254


def is_public(address: str) -> bool:
    """True for an address anyone on the internet may have; false for anything else, and for what is no plain address."""
    ip = _plain(address)
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NOT_PUBLIC_4)
    return ip is not None and ip.is_global and ip in _PUBLIC_6 and not any(ip in net for net in _NOT_PUBLIC_6) and not _is_isatap(ip)


def is_private(address: str) -> bool:
    """True for this machine and the house's own network, which an operator may allow; link-local is never allowed."""
    ip = _plain(address)
    if isinstance(ip, IPv4Address):
        return any(ip in net for net in _PRIVATE_4)
    return ip is not None and any(ip in net for net in _PRIVATE_6) and ip not in _CLOUD_6


def is_allowed(address: str, *, allow_private: bool = False, encrypted: bool = True) -> bool:
    """May we connect there? Plain http goes to private addresses only, and only where the operator allowed them."""
    return (encrypted and is_public(address)) or (allow_private and is_private(address))


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address) if "%" not in address else None  # fe80::1%eth0 is the network card's choice, not the address's
    except ValueError:
        return None


def _is_isatap(ip: IPv6Address) -> bool:
    """The lower half holds an IPv4 address that a router at the border may send it on to (RFC 5214 6.1)."""
    return (int(ip) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE
