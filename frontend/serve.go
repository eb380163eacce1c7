package frontend

import (
	"net/http"
	"strconv"
	"strings"
)

// Cache-Control values for assets.
const (
	// Forever is for immutable addresses: the content of one never changes.
	Forever = "public, max-age=31536000, immutable"
	// Briefly is for fixed addresses such as /embed.js, which publishers write
	// into their pages: a new release must reach readers soon.
	Briefly = "public, max-age=300"
)

// Handler serves /static/: immutable addresses for ever, everything else is
// not found. An old address (of the release before, in a page still open or
// cached) answers with today's file, uncached, so that such a page keeps working.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := assets()
		if a, ok := x.byPath[r.URL.Path]; ok {
			a.Serve(w, r, Forever)
			return
		}
		if a, ok := x.byName[withoutDigest(r.URL.Path)]; ok {
			a.Serve(w, r, "no-cache")
			return
		}
		http.NotFound(w, r)
	})
}

// withoutDigest returns the plain name in an immutable address, "" where the
// address is none.
func withoutDigest(address string) string {
	name, ok := strings.CutPrefix(address, "/static/")
	if !ok {
		return ""
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 9 || name[dot-9] != '.' {
		return ""
	}
	if _, err := strconv.ParseUint(name[dot-8:dot], 16, 32); err != nil {
		return ""
	}
	return name[:dot-9] + name[dot:]
}

// Serve answers with the asset in the best encoding that the browser takes.
func (a *Asset) Serve(w http.ResponseWriter, r *http.Request, cacheControl string) {
	body, tag := a.Content, a.ETag
	h := w.Header()
	accepts := r.Header.Get("Accept-Encoding")
	switch {
	case a.Brotli != nil && accepted(accepts, "br"):
		body, tag = a.Brotli, encodedTag(a.ETag, "br")
		h.Set("Content-Encoding", "br")
	case a.Gzip != nil && accepted(accepts, "gzip"):
		body, tag = a.Gzip, encodedTag(a.ETag, "gzip")
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", cacheControl)
	h.Set("Content-Type", a.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: nobody to tell
	}
}

// encodedTag is the ETag of an encoding: a strong one names exact bytes.
func encodedTag(tag, encoding string) string {
	return strings.TrimSuffix(tag, `"`) + "-" + encoding + `"`
}

// accepted says whether an Accept-Encoding header names an encoding without refusing it (q=0).
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
