package main

import (
	"image"
	"image/color"
	"math"
	"sort"
)

// The pictures are drawn at twice their size and reduced, which smooths edges.
const (
	width, height = 1200, 675
	scale         = 2
)

// ink is an index into a canvas's colours.
type ink uint8

// point is a place in the picture, in pixels of the finished size.
type point struct{ x, y float64 }

// canvas is a picture in few flat colours at twice its final size.
type canvas struct {
	colours []color.RGBA
	dots    []ink
}

func newCanvas() *canvas {
	return &canvas{dots: make([]ink, width*scale*height*scale)}
}

// mix adds a colour, written as 0xRRGGBB, to the palette.
func (c *canvas) mix(rgb uint32) ink {
	c.colours = append(c.colours, color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 255})
	return ink(len(c.colours) - 1)
}

func (c *canvas) set(x, y int, k ink) {
	if x >= 0 && x < width*scale && y >= 0 && y < height*scale {
		c.dots[y*width*scale+x] = k
	}
}

// fill paints everything for which inside is true, within the box given.
func (c *canvas) fill(x0, y0, x1, y1 float64, k ink, inside func(x, y float64) bool) {
	for y := int(y0 * scale); y < int(math.Ceil(y1*scale)); y++ {
		for x := int(x0 * scale); x < int(math.Ceil(x1*scale)); x++ {
			if inside((float64(x)+0.5)/scale, (float64(y)+0.5)/scale) {
				c.set(x, y, k)
			}
		}
	}
}

func (c *canvas) rect(x, y, w, h float64, k ink) {
	c.fill(x, y, x+w, y+h, k, func(float64, float64) bool { return true })
}

func (c *canvas) disc(x, y, r float64, k ink) { c.ellipse(x, y, r, r, k) }

func (c *canvas) ellipse(cx, cy, rx, ry float64, k ink) {
	c.fill(cx-rx, cy-ry, cx+rx, cy+ry, k, func(x, y float64) bool {
		dx, dy := (x-cx)/rx, (y-cy)/ry
		return dx*dx+dy*dy <= 1
	})
}

// below paints everything under the line y = edge(x): hills, rivers, rows.
func (c *canvas) below(k ink, edge func(x float64) float64) {
	c.fill(0, 0, width, height, k, func(x, y float64) bool { return y >= edge(x) })
}

// line paints a straight stroke of the given thickness with round ends.
func (c *canvas) line(a, b point, thick float64, k ink) {
	r := thick / 2
	dx, dy := b.x-a.x, b.y-a.y
	length := dx*dx + dy*dy
	c.fill(min(a.x, b.x)-r, min(a.y, b.y)-r, max(a.x, b.x)+r, max(a.y, b.y)+r, k,
		func(x, y float64) bool {
			t := 0.0
			if length > 0 {
				t = max(0, min(1, ((x-a.x)*dx+(y-a.y)*dy)/length))
			}
			return math.Hypot(x-a.x-t*dx, y-a.y-t*dy) <= r
		})
}

// polygon paints a closed shape by the even-odd rule.
func (c *canvas) polygon(k ink, ps ...point) {
	box := [4]float64{ps[0].x, ps[0].y, ps[0].x, ps[0].y}
	for _, p := range ps {
		box[0], box[1] = min(box[0], p.x), min(box[1], p.y)
		box[2], box[3] = max(box[2], p.x), max(box[3], p.y)
	}
	c.fill(box[0], box[1], box[2], box[3], k, func(x, y float64) bool {
		in := false
		for i, j := 0, len(ps)-1; i < len(ps); j, i = i, i+1 {
			a, b := ps[i], ps[j]
			if (a.y > y) != (b.y > y) && x < (b.x-a.x)*(y-a.y)/(b.y-a.y)+a.x {
				in = !in
			}
		}
		return in
	})
}

// reduce halves the picture and keeps it to a palette: the flat colours and, as
// far as 256 entries allow, the blends at their edges.
func (c *canvas) reduce() *image.Paletted {
	blends := make([]color.RGBA, width*height)
	count := map[color.RGBA]int{}
	for y := range height {
		for x := range width {
			b := c.blend(x, y)
			blends[y*width+x] = b
			count[b]++
		}
	}
	img := image.NewPaletted(image.Rect(0, 0, width, height), commonest(count, 256))
	index := make(map[color.RGBA]uint8, len(count))
	for b := range count {
		index[b] = uint8(img.Palette.Index(b))
	}
	for i, b := range blends {
		img.Pix[i] = index[b]
	}
	return img
}

// blend is the mean of the four dots that make one pixel.
func (c *canvas) blend(x, y int) color.RGBA {
	var r, g, b int
	for i := range scale * scale {
		dot := c.colours[c.dots[(y*scale+i/scale)*width*scale+x*scale+i%scale]]
		r, g, b = r+int(dot.R), g+int(dot.G), b+int(dot.B)
	}
	const n = scale * scale
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// commonest is the n most frequent colours; ties are broken by value so that
// the same scene always gives the same file.
func commonest(count map[color.RGBA]int, n int) color.Palette {
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	value := func(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
	sort.Slice(all, func(i, j int) bool {
		if count[all[i]] != count[all[j]] {
			return count[all[i]] > count[all[j]]
		}
		return value(all[i]) < value(all[j])
	})
	var p color.Palette
	for _, c := range all[:min(n, len(all))] {
		p = append(p, c)
	}
	return p
}
