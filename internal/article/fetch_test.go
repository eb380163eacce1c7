package article

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const fetchedPage = `<html><head><link rel="canonical" href="https://fremd.example/x"></head><body><h1>Hafen voll</h1>
<p>Der Hafen ist seit Montag bis auf den letzten Platz besetzt, teilte die Behörde mit.</p></body></html>`

func pngBytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// publisher is a site with pages for every way in which a fetch can go wrong.
func publisher(t *testing.T, elsewhere string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(body)) // a client that left is part of the test
	}
	mux.HandleFunc("/article", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
			t.Error("the request carries a cookie or referrer")
		}
		html(w, fetchedPage)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/article", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere+"/secret", http.StatusFound)
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) {
		html(w, fetchedPage+strings.Repeat("<p>x</p>", MaxSource/8))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	})
	mux.HandleFunc("/picture", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html") // a lie: the type is sniffed
		_, _ = w.Write(pngBytes(t))
	})
	mux.HandleFunc("/svg", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func TestFetch(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = true }))
	defer other.Close()
	srv := publisher(t, other.URL)
	allowed := []string{"https://bote.example", srv.URL}
	for path, want := range map[string]error{
		"/article": nil, "/moved": nil, "/article#comments": nil,
		"/away": ErrNotAllowed, "/loop": ErrUnreachable, "/huge": ErrTooLarge, "/json": ErrContentType,
		"/missing": ErrStatus, "/picture": ErrBinary,
	} {
		a, err := Fetch(t.Context(), nil, srv.URL+path, allowed)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: error %v, want %v", path, err, want)
		}
		if want == nil && (a.Headline != "Hafen voll" || a.URL != srv.URL+"/article") {
			t.Errorf("%s: headline %q, address %q", path, a.Headline, a.URL)
		}
	}
	if reached {
		t.Error("a server outside the allow-list was asked")
	}
}

// The origin must match whole: no prefix, suffix, other port or scheme, no user name.
func TestAllowList(t *testing.T) {
	g := gate{allowed: []string{"https://www.bote.example", "http://10.0.0.5:8080", "https://müller.example/"}}
	for s, want := range map[string]bool{
		"https://www.bote.example/a":          true,
		"https://WWW.Bote.example:443/a":      true,
		"http://10.0.0.5:8080/":               true,
		"https://xn--mller-kva.example/a":     true,
		"http://www.bote.example/a":           false,
		"https://www.bote.example:8443/a":     false,
		"https://www.bote.example.boese.net/": false,
		"https://bote.example/":               false,
		"https://www.bote.example./a":         false,
		"https://www.bote.example@boese.net/": false,
		"https://a:b@www.bote.example/":       false,
		"http://10.0.0.5/":                    false,
		"file:///etc/passwd":                  false,
		"//www.bote.example/a":                false,
		"https:www.bote.example":              false,
	} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.allows(u); got != want {
			t.Errorf("%s: allowed %v, want %v", s, got, want)
		}
	}
	for s, want := range map[string]error{"": ErrAddress, "bote": ErrAddress, "https://[": ErrAddress, "https://boese.net/": ErrNotAllowed} {
		if _, err := Fetch(t.Context(), nil, s, g.allowed); !errors.Is(err, want) {
			t.Errorf("%q: error %v, want %v", s, err, want)
		}
	}
}

// A private address is dialled only for a host whose own name says that it is private.
func TestPrivateAddresses(t *testing.T) {
	for _, c := range []struct {
		host, ip string
		want     bool
	}{
		{"www.bote.example", "93.184.216.34", true},
		{"www.bote.example", "2606:2800:220:1::1", true},
		{"www.bote.example", "127.0.0.1", false},
		{"www.bote.example", "10.1.2.3", false},
		{"www.bote.example", "172.16.0.1", false},
		{"www.bote.example", "192.168.1.1", false},
		{"www.bote.example", "169.254.169.254", false},
		{"www.bote.example", "100.64.0.1", false},
		{"www.bote.example", "0.0.0.0", false},
		{"www.bote.example", "224.0.0.1", false},
		{"www.bote.example", "255.255.255.255", false},
		{"www.bote.example", "::1", false},
		{"www.bote.example", "fd00::1", false},
		{"www.bote.example", "fe80::1", false},
		{"www.bote.example", "::ffff:127.0.0.1", false},
		{"www.bote.example", "::ffff:8.8.8.8", true},
		{"www.bote.example", "64:ff9b::7f00:1", false},
		{"www.bote.example", "2002:7f00:1::", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"10.0.0.5", "10.0.0.5", true},
		{"localhost", "127.0.0.1", true},
		{"localhost", "10.0.0.5", false},
		{"cms.intern", "10.0.0.5", true},
		{"cms", "172.18.0.3", true},
		{"cms.intern", "169.254.169.254", false},
	} {
		if got := mayDial(c.host, netip.MustParseAddr(c.ip)); got != c.want {
			t.Errorf("%s at %s: %v, want %v", c.host, c.ip, got, c.want)
		}
	}
}

// namesAt is a resolver that answers every question with one address.
func namesAt(t *testing.T, ip [4]byte) *net.Resolver {
	answer := func(c net.Conn) error {
		defer c.Close()
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return err
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return err
		}
		var m dnsmessage.Message
		if err := m.Unpack(query); err != nil {
			return err
		}
		m.Response, m.Additionals = true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
			m.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AResource{A: ip}}}
		}
		out, err := m.Pack()
		if err != nil {
			return err
		}
		_, err = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
		return err
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			if err := answer(ours); err != nil {
				t.Logf("name server: %v", err)
			}
		}()
		return theirs, nil
	}}
}

// The address is checked at the connection itself, so a public name that leads
// home is refused although its origin is allowed.
func TestDialChecksTheAddress(t *testing.T) {
	srv := publisher(t, "")
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	for host, want := range map[string]error{"www.bote.example": ErrPrivate, "cms.bote.intern": nil} {
		origin := "http://" + host + ":" + port
		g := gate{allowed: []string{origin}, limit: MaxSource, tooLarge: ErrTooLarge, resolver: namesAt(t, [4]byte{127, 0, 0, 1})}
		got, err := g.get(t.Context(), nil, origin+"/article")
		if !errors.Is(err, want) || want == nil && (err != nil || len(got.body) == 0) {
			t.Errorf("%s: error %v, want %v", host, err, want)
		}
	}
}

// A proxy would dial in our stead, and another transport could not be checked.
func TestTransports(t *testing.T) {
	srv := publisher(t, "")
	proxied := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://192.0.2.1:1") }}}
	if _, err := Fetch(t.Context(), proxied, srv.URL+"/article", []string{srv.URL}); err != nil {
		t.Errorf("a proxy was used: %v", err)
	}
	if _, err := Fetch(t.Context(), &http.Client{Transport: roundTripper{}}, srv.URL+"/article", []string{srv.URL}); err == nil {
		t.Error("a transport that cannot be checked was used")
	}
}

type roundTripper struct{}

func (roundTripper) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("not to be called")
}

func TestFetchStops(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := Fetch(ctx, nil, srv.URL+"/?token=geheim", []string{srv.URL})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "geheim") {
		t.Errorf("error %v", err)
	}
}

func TestFetchImage(t *testing.T) {
	srv := publisher(t, "")
	data, kind, err := FetchImage(t.Context(), nil, srv.URL+"/picture", []string{srv.URL})
	if err != nil || kind != "image/png" || !bytes.Equal(data, pngBytes(t)) {
		t.Errorf("type %q, %d bytes, error %v", kind, len(data), err)
	}
	for path, want := range map[string]error{"/svg": ErrImageType, "/article": ErrImageType, "/missing": ErrStatus} {
		if _, _, err := FetchImage(t.Context(), nil, srv.URL+path, []string{srv.URL}); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", path, err, want)
		}
	}
	if _, err := ImageType(make([]byte, MaxImage+1)); !errors.Is(err, ErrImageSize) {
		t.Errorf("error %v", err)
	}
	for want, head := range map[string]string{
		"image/jpeg": "\xff\xd8\xff\xe0\x00\x10JFIF",
		"image/gif":  "GIF89a\x01\x00",
		"image/webp": "RIFF\x10\x00\x00\x00WEBPVP8 ",
		"image/avif": "\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1",
		"":           "\x00\x00\x00\x20ftypisom\x00\x00\x00\x00mp42",
	} {
		if got, _ := ImageType([]byte(head)); got != want {
			t.Errorf("type %q, want %q", got, want)
		}
	}
}
