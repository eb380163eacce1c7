// Package frontend holds what browsers get: templates, styles and scripts, all
// embedded in the program, so that one file is a whole installation.
//
// The sources of scripts and styles are in src; internal/assets bundles them
// into static, and the outputs are committed, so building Freigabe needs
// nothing but Go. Path gives a file's address with a digest of its content in
// it: such an address may be kept for ever, because a changed file has another.
//
// With FREIGABE_DEV=1 files are read from disk at each request, from the folder
// frontend under the working directory, so that a change shows on reload.
package frontend

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed all:templates all:static
var embedded embed.FS

// Asset is one file of static as it is sent.
type Asset struct {
	Name    string // in static, such as "embed.js"
	Path    string // "/static/embed.0a1b2c3d.js": its content decides the digits
	Type    string // Content-Type
	Content []byte
	Brotli  []byte // Content compressed; nil where that saves nothing
	Gzip    []byte // likewise
	ETag    string // strong, of Content; each encoding adds its own suffix when sent
}

// developing says that files are read from disk at each request.
func developing() bool { return os.Getenv("FREIGABE_DEV") == "1" }

// files is the folder frontend: the embedded one, or the one on disk.
func files() fs.FS {
	if developing() {
		return os.DirFS("frontend")
	}
	return embedded
}

// Templates returns the folder of HTML templates.
func Templates() fs.FS { return below("templates") }

// Static returns the folder of scripts, styles and pictures, under plain names.
func Static() fs.FS { return below("static") }

func below(folder string) fs.FS {
	sub, err := fs.Sub(files(), folder)
	if err != nil {
		panic(err) // only for a malformed constant
	}
	return sub
}

// Path returns the immutable address of a file of static, such as
// "/static/embed.0a1b2c3d.js" for "embed.js". A name that does not exist gives
// "/static/" and the name, which answers 404: a page that lacks its style can
// still be read, one that fails cannot.
func Path(name string) string {
	if a, ok := Lookup(name); ok {
		return a.Path
	}
	return "/static/" + name
}

// Lookup returns a file of static by its plain name.
func Lookup(name string) (*Asset, bool) {
	a, ok := assets().byName[name]
	return a, ok
}

// index finds assets by plain name and by immutable address.
type index struct {
	byName, byPath map[string]*Asset
}

var once = sync.OnceValue(func() index { return read(embedded) })

func assets() index {
	if developing() {
		return read(files())
	}
	return once()
}

// read takes in every file of static. What cannot be read is missing in the
// index: embedded files cannot fail, and in development the log of the browser shows it.
func read(root fs.FS) index {
	x := index{byName: map[string]*Asset{}, byPath: map[string]*Asset{}}
	_ = fs.WalkDir(root, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		content, err := fs.ReadFile(root, p)
		if err != nil {
			return nil
		}
		a := newAsset(strings.TrimPrefix(p, "static/"), content)
		x.byName[a.Name], x.byPath[a.Path] = a, a
		return nil
	})
	return x
}

// newAsset derives address, type and encodings from a file's content.
func newAsset(name string, content []byte) *Asset {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	a := &Asset{
		Name:    name,
		Path:    fmt.Sprintf("/static/%s.%x%s", strings.TrimSuffix(name, ext), sum[:4], ext),
		Type:    contentType(ext),
		Content: content,
		ETag:    `"` + hex.EncodeToString(sum[:12]) + `"`,
	}
	if compressible(ext) {
		a.Brotli = smaller(content, withBrotli(content))
		a.Gzip = smaller(content, withGzip(content))
	}
	return a
}

// contentType is a table of its own: the system's differs between machines.
func contentType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg":
		return "image/jpeg"
	case ".webp":
		return "image/webp"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".json", ".webmanifest":
		return "application/json"
	}
	return "application/octet-stream"
}

func compressible(ext string) bool {
	t := contentType(ext)
	return strings.HasPrefix(t, "text/") || ext == ".svg" || t == "application/json"
}

// smaller returns the compressed form, or nil where it is no gain.
func smaller(plain, compressed []byte) []byte {
	if len(compressed) < len(plain) {
		return compressed
	}
	return nil
}

// The writers below write to memory, which cannot fail.

func withBrotli(content []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

func withGzip(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a constant level: valid
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}
