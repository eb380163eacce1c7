package article

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// dial connects to a host of the allow-list. The address is checked where the
// system is about to connect to it, after every name lookup: a name that pointed
// to a public address a moment ago cannot lead into the publisher's own network.
func (g gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, ErrAddress.because(err)
	}
	d := net.Dialer{Timeout: FetchTimeout / 2, KeepAlive: -1, Resolver: g.resolver}
	d.Control = func(_, dialled string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(dialled)
		if err != nil {
			return ErrPrivate.with(host).because(err)
		}
		if !mayDial(host, ap.Addr()) {
			return ErrPrivate.with(host)
		}
		return nil
	}
	return d.DialContext(ctx, network, address)
}

// mayDial reports whether host, an allowed one, may be reached at ip. Public
// addresses always; private ones only where the host's own name says that it is
// private, so that whoever allowed it knew.
func mayDial(host string, ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if public(ip) {
		return true
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap() == ip
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return ip.IsLoopback()
	}
	return privateName(host) && (ip.IsPrivate() || ip.IsLoopback())
}

// privateName reports a name that public name servers do not know: a single label,
// or one of the endings kept for internal use (RFC 6762, RFC 8375, ICANN's
// .internal) or common in offices.
func privateName(host string) bool {
	endings := []string{".internal", ".intern", ".lan", ".local", ".home.arpa", ".corp", ".intranet"}
	return !strings.Contains(host, ".") || slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(host, e) })
}

// special are ranges outside the public Internet that netip does not name, after
// IANA's registries of special-purpose addresses. Ranges that carry an IPv4
// address inside (NAT64, 6to4, Teredo) could hide a private one.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"),
}

// public reports an address of the public Internet.
func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}
