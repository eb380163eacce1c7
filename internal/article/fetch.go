package article

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// FetchTimeout bounds one Fetch or FetchImage, redirects and body included.
const FetchTimeout = 15 * time.Second

const (
	maxRedirects = 5
	userAgent    = "Freigabe (article intake)"
)

// Fetch gets the page at rawURL and reads it as an article. Its origin, and that
// of every redirect, must be one of allowedOrigins ("https://www.example.org",
// exact in scheme, host and port). A host that turns out to lie in a private
// network is refused unless the allow-list names it as private: by IP address, as
// localhost, or by a name that no public name server knows (intern, cms.lan).
// Proxies of the environment are not used, since the dialled address is checked.
//
// client may be nil; of a given one, an *http.Transport is copied and its dialer
// replaced, cookies are not sent. Errors are *Error, or the context's.
func Fetch(ctx context.Context, client *http.Client, rawURL string, allowedOrigins []string) (Article, error) {
	g := gate{allowed: allowedOrigins, accept: "text/html,application/xhtml+xml", limit: MaxSource, tooLarge: ErrTooLarge.with("2 MiB")}
	got, err := g.get(ctx, client, rawURL)
	if err != nil {
		return Article{}, err
	}
	kind, _, err := mime.ParseMediaType(got.contentType)
	if err != nil || kind != "text/html" && kind != "application/xhtml+xml" {
		return Article{}, ErrContentType
	}
	a, err := parseHTML(got.body, got.contentType, got.url)
	if err != nil {
		return Article{}, err
	}
	// A page may name any canonical address; only one of this site is believed.
	if u, err := url.Parse(a.URL); err != nil || !g.allows(u) {
		a.URL = got.url.String()
	}
	return a, nil
}

// FetchImage gets the picture at rawURL under the rules of Fetch and returns its
// bytes and content type. The type is sniffed, the server's word is not believed.
func FetchImage(ctx context.Context, client *http.Client, rawURL string, allowedOrigins []string) ([]byte, string, error) {
	g := gate{allowed: allowedOrigins, accept: "image/avif,image/webp,image/jpeg,image/png,image/gif", limit: MaxImage, tooLarge: ErrImageSize.with("8 MiB")}
	got, err := g.get(ctx, client, rawURL)
	if err != nil {
		return nil, "", err
	}
	kind, err := ImageType(got.body)
	if err != nil {
		return nil, "", err
	}
	return got.body, kind, nil
}

// ImageType is the content type of a picture that may be shown: JPEG, PNG, WebP,
// GIF or AVIF, by its first bytes. SVG is refused, since it can hold scripts.
func ImageType(data []byte) (string, error) {
	if len(data) > MaxImage {
		return "", ErrImageSize.with("8 MiB")
	}
	if len(data) >= 16 && string(data[4:8]) == "ftyp" {
		brands := data[8:min(len(data), 64)]
		if bytes.HasPrefix(brands, []byte("avif")) || bytes.HasPrefix(brands, []byte("avis")) ||
			bytes.HasPrefix(brands, []byte("mif1")) && bytes.Contains(brands, []byte("avif")) {
			return "image/avif", nil
		}
		return "", ErrImageType
	}
	switch kind := http.DetectContentType(data); kind {
	case "image/jpeg", "image/png", "image/webp", "image/gif":
		return kind, nil
	}
	return "", ErrImageType
}

// gate is one request that must stay within the allow-list and its limits.
type gate struct {
	allowed  []string
	accept   string
	limit    int64
	tooLarge *Error
	resolver *net.Resolver // nil is the system's
}

type answer struct {
	body        []byte
	contentType string
	url         *url.URL // after redirects
}

func (g gate) get(ctx context.Context, client *http.Client, rawURL string) (answer, error) {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || originOf(u) == "" {
		return answer{}, ErrAddress
	}
	if !g.allows(u) {
		return answer{}, ErrNotAllowed.with(originOf(u))
	}
	ctx, cancel := context.WithTimeout(ctx, FetchTimeout)
	defer cancel()
	u.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, ErrAddress.because(err)
	}
	req.Header.Set("Accept", g.accept)
	req.Header.Set("User-Agent", userAgent)
	guarded, done, err := g.client(client)
	if err != nil {
		return answer{}, err
	}
	defer done()
	resp, err := guarded.Do(req)
	if err != nil {
		return answer{}, g.failure(ctx, u, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer{}, ErrStatus.with(originOf(resp.Request.URL), resp.StatusCode)
	}
	if resp.ContentLength > g.limit {
		return answer{}, g.tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, g.limit+1))
	if err != nil {
		return answer{}, g.failure(ctx, u, err)
	}
	if int64(len(body)) > g.limit {
		return answer{}, g.tooLarge
	}
	return answer{body, resp.Header.Get("Content-Type"), resp.Request.URL}, nil
}

// failure turns what the client reports into one of this package's errors, with
// the origin only: a path may hold a token.
func (g gate) failure(ctx context.Context, u *url.URL, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("fetch %s: %w", originOf(u), context.Canceled)
	}
	return ErrUnreachable.with(originOf(u)).because(err)
}

// client is a copy of c that stays within the allow-list at every hop and checks
// each address it dials. done frees the connections.
func (g gate) client(c *http.Client) (guarded *http.Client, done func(), err error) {
	base := http.DefaultTransport
	if c != nil && c.Transport != nil {
		base = c.Transport
	}
	t, ok := base.(*http.Transport)
	if !ok {
		return nil, nil, fmt.Errorf("fetch: a transport of type %T cannot be checked for private addresses: use *http.Transport", base)
	}
	t = t.Clone()
	t.Proxy = nil
	// A dialer of the caller's must not go round the check.
	t.DialTLSContext = nil
	//lint:ignore SA1019 deprecated, but still used by a transport that has it set
	t.DialTLS = nil
	t.DialContext = g.dial
	// HTTP/1.1 alone: the copy would share the original's HTTP/2 connections, dialled unchecked.
	t.ForceAttemptHTTP2, t.Protocols = false, nil
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = nil
	}
	t.ResponseHeaderTimeout = FetchTimeout
	t.MaxResponseHeaderBytes = 64 << 10
	guarded = &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return ErrUnreachable.with(originOf(req.URL))
		}
		if !g.allows(req.URL) {
			return ErrNotAllowed.with(originOf(req.URL))
		}
		req.Header.Del("Referer")
		return nil
	}}
	return guarded, t.CloseIdleConnections, nil
}

// allows reports that u's origin is on the allow-list, character for character
// once case, default port and international names are normalised.
func (g gate) allows(u *url.URL) bool {
	o := originOf(u)
	return o != "" && slices.ContainsFunc(g.allowed, func(s string) bool {
		a, err := url.Parse(strings.TrimSpace(s))
		return err == nil && originOf(a) == o
	})
}

// originOf is scheme, host and port of an http or https address, "" for any other,
// and for one with a user name.
func originOf(u *url.URL) string {
	if u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	} else if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if host == "" || strings.HasSuffix(host, ".") || strings.ContainsAny(host, " %") {
		return ""
	}
	if port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}
