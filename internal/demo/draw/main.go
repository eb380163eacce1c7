// Command draw paints the illustrations of the demo articles: flat shapes in
// few colours, so that the demo has pictures of its own that nobody else owns.
// It is run by hand when a picture changes; its output is committed.
//
//	go run ./internal/demo/draw -out internal/demo/content/images
package main

import (
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
)

// scenes are the pictures by file name, in the order in which they are written.
var scenes = []struct {
	name  string
	paint func(*canvas)
}{
	{"klinik.png", paintClinic},
	{"bruecke.png", paintBridge},
	{"stadion.png", paintStadium},
	{"buehne.png", paintStage},
	{"mikroskop.png", paintMicroscope},
	{"werkhalle.png", paintWorkshop},
}

func main() {
	out := flag.String("out", "internal/demo/content/images", "folder to write the pictures to")
	flag.Parse()
	for _, s := range scenes {
		if err := write(filepath.Join(*out, s.name), s.paint); err != nil {
			fmt.Fprintln(os.Stderr, "draw:", err)
			os.Exit(1)
		}
	}
}

func write(path string, paint func(*canvas)) error {
	c := newCanvas()
	paint(c)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create picture: %w", err)
	}
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(f, c.reduce()); err != nil {
		f.Close()
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return f.Close()
}
