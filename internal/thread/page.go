package thread

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// CacheControl lets browsers and shared caches keep a page for a second: what is
// taken down is gone everywhere within two.
const CacheControl = "public, max-age=1, s-maxage=1, must-revalidate"

// Page is a finished page in each encoding. The plain one, ten times the size of
// the others, is unpacked when somebody first asks for it, and then stays.
type Page struct {
	Site            store.Site // whose page it is
	kind            string
	tags            []string // names for caches that are purged; none where there is no such cache
	articles        []string // see Rendered
	ofSite          bool
	raw, gzip, zstd encoded // raw without its body
	rawSize         int
	plain           func() []byte
}

type encoded struct {
	body   []byte
	etag   string // strong: it names exactly these bytes
	length string
}

var zstdEncoder = mustZstd()

func mustZstd() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic("unreachable: the options are constant: " + err.Error())
	}
	return e
}

// gzipWriters are kept: a new one takes a megabyte, and longer than it packs.
var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, 6) // a constant level: valid
	return w
}}

func newPage(r Rendered, names []string) *Page {
	sum := sha256.Sum256(r.Body)
	tag := hex.EncodeToString(sum[:16])
	var z bytes.Buffer
	w := gzipWriters.Get().(*gzip.Writer)
	w.Reset(&z)
	_, _ = w.Write(r.Body) // memory cannot fail
	_ = w.Close()
	gzipWriters.Put(w)
	p := &Page{
		Site:     r.Site,
		kind:     r.Type,
		articles: r.Articles,
		ofSite:   r.OfSite && r.Site.ID != "",
		raw:      encoded{etag: `"` + tag + `"`, length: strconv.Itoa(len(r.Body))},
		rawSize:  len(r.Body),
		gzip:     encodedAs(z.Bytes(), tag+"-gz"),
		zstd:     encodedAs(zstdEncoder.EncodeAll(r.Body, nil), tag+"-zs"),
	}
	if len(names) > 0 {
		p.tags = []string{strings.Join(names, " "), strings.Join(names, ",")}
	}
	p.plain = sync.OnceValue(p.unpack)
	return p
}

// unpack gives the plain page. What this program packed, it can unpack.
func (p *Page) unpack() []byte {
	r, err := gzip.NewReader(bytes.NewReader(p.gzip.body))
	if err != nil {
		panic("unreachable: " + err.Error())
	}
	body := make([]byte, p.rawSize)
	if _, err := io.ReadFull(r, body); err != nil {
		panic("unreachable: " + err.Error())
	}
	return body
}

// encodedAs keeps an exact copy: the compressors leave room to spare, which a
// thousand pages would hold on to.
func encodedAs(body []byte, tag string) encoded {
	return encoded{bytes.Clone(body), `"` + tag + `"`, strconv.Itoa(len(body))}
}

func (p *Page) size() int64 {
	return int64(p.rawSize+len(p.gzip.body)+len(p.zstd.body)) + 512
}

// Body is the page as it is without compression.
func (p *Page) Body() []byte { return p.plain() }

// Serve answers with the page in the best encoding that the client takes, or
// with 304 where the client has it.
func (p *Page) Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	form := &p.raw
	switch accepts := r.Header.Get("Accept-Encoding"); {
	case accepts == "":
	case accepted(accepts, "zstd"):
		form = &p.zstd
		h.Set("Content-Encoding", "zstd")
	case accepted(accepts, "gzip"):
		form = &p.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("Etag", form.etag)
	h.Set("Cache-Control", CacheControl)
	if p.tags != nil {
		h["Surrogate-Key"], h["Cache-Tag"] = p.tags[:1], p.tags[1:]
	}
	if match(r.Header.Get("If-None-Match"), form.etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", p.kind)
	h.Set("Content-Length", form.length)
	body := form.body
	if form == &p.raw {
		body = p.plain()
	}
	_, _ = w.Write(body) // the reader has gone: nobody to tell
}

// match says whether a list of tags names this one (RFC 9110, 13.1.2).
func match(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}

// accepted says whether an Accept-Encoding header names an encoding without
// refusing it (q=0).
func accepted(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !ok || err != nil || weight > 0
	}
	return false
}

// NextChange is when an article opens or closes by itself; zero: never.
func NextChange(a store.Article, now time.Time) (next time.Time) {
	_, daily := a.Daily.Takes(now)
	for _, t := range []time.Time{a.Opens, a.Closes, daily} {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}
