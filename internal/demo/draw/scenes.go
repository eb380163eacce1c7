package main

import "math"

// hill is a soft line of hills around the height y.
func hill(y, rise, length, shift float64) func(float64) float64 {
	return func(x float64) float64 {
		return y - rise*math.Sin((x+shift)/length) - rise/3*math.Sin((x+2*shift)/length*2.3)
	}
}

// paintClinic shows a long flat hospital before wooded hills.
func paintClinic(c *canvas) {
	sky, far, near := c.mix(0xdfeaf0), c.mix(0xa9c4bd), c.mix(0x6f9a86)
	wall, shade, pane, lit := c.mix(0xf5f1e8), c.mix(0xd8d0c0), c.mix(0x54748a), c.mix(0xf2c864)
	red, ground, dark := c.mix(0xb8433a), c.mix(0x4f7565), c.mix(0x35505f)
	c.rect(0, 0, width, height, sky)
	c.disc(980, 130, 62, wall)
	c.below(far, hill(330, 55, 190, 40))
	c.below(near, hill(420, 45, 150, 300))
	c.rect(210, 260, 560, 310, wall)
	c.rect(770, 360, 250, 210, shade)
	c.rect(200, 246, 580, 16, dark)
	c.rect(764, 348, 262, 14, dark)
	for row := range 4 {
		for col := range 8 {
			k := pane
			if (row*5+col*3)%7 == 1 {
				k = lit
			}
			c.rect(244+float64(col)*65, 296+float64(row)*62, 38, 34, k)
		}
	}
	for col := range 3 {
		c.rect(800+float64(col)*72, 400, 44, 60, pane)
	}
	c.rect(466, 518, 50, 52, dark)
	c.rect(868, 500, 58, 70, dark)
	c.rect(462, 150, 56, 96, wall)
	c.rect(482, 164, 16, 68, red)
	c.rect(466, 190, 48, 16, red)
	c.below(ground, func(x float64) float64 { return 570 + 8*math.Sin(x/120) })
	for i := range 7 {
		x := 60 + float64(i)*24
		c.disc(x, 540-float64(i%3)*14, 30, ground)
		c.disc(width-x, 545-float64(i%2)*18, 32, ground)
	}
	c.polygon(shade, point{470, 572}, point{512, 572}, point{640, 675}, point{380, 675})
}

// paintBridge shows a suspension bridge over a wide river at sunset.
func paintBridge(c *canvas) {
	sky, sun, far := c.mix(0xf6d9b0), c.mix(0xee8f52), c.mix(0xb98a86)
	near, water, wave := c.mix(0x7a6578), c.mix(0x3f6d86), c.mix(0x5b8ba1)
	stone, iron, bank := c.mix(0xead9bd), c.mix(0x2e3b4a), c.mix(0x46505c)
	c.rect(0, 0, width, height, sky)
	c.disc(840, 270, 92, sun)
	c.below(far, hill(320, 60, 210, 120))
	c.below(near, hill(385, 40, 160, 500))
	c.below(water, func(float64) float64 { return 450 })
	for i := range 14 {
		x := math.Mod(float64(i)*233, 1100)
		y := 480 + float64(i)*14
		c.line(point{x, y}, point{x + 70 + float64(i)*6, y}, 4, wave)
	}
	paintCables(c, iron)
	for _, x := range []float64{310, 850} {
		c.rect(x, 170, 40, 360, stone)
		c.rect(x-10, 160, 60, 18, stone)
		c.rect(x-14, 500, 68, 40, stone)
	}
	c.rect(0, 404, width, 18, iron)
	c.polygon(bank, point{0, 420}, point{150, 420}, point{60, 675}, point{0, 675})
	c.polygon(bank, point{1200, 420}, point{1070, 420}, point{1150, 675}, point{1200, 675})
}

// paintCables hangs the main cable in three spans and drops the hangers from it.
func paintCables(c *canvas, k ink) {
	const top, deck = 172.0, 404.0
	height := func(x float64) float64 {
		switch {
		case x < 330:
			return deck + (top-deck)*math.Pow(x/330, 1.5)
		case x > 870:
			return deck + (top-deck)*math.Pow((1200-x)/330, 1.5)
		}
		t := (x - 600) / 270
		return 380 - (380-top)*t*t
	}
	for x := 0.0; x < 1200; x += 10 {
		c.line(point{x, height(x)}, point{x + 10, height(x + 10)}, 8, k)
	}
	for x := 30.0; x < 1200; x += 30 {
		c.line(point{x, height(x)}, point{x, deck}, 3, k)
	}
}

// paintStadium shows a small ground under floodlights.
func paintStadium(c *canvas) {
	night, glow, hills := c.mix(0x1f2f4a), c.mix(0x32486b), c.mix(0x18243a)
	stand, seat, grass := c.mix(0x56657f), c.mix(0xd9a441), c.mix(0x3f8f54)
	stripe, white, mast := c.mix(0x4aa061), c.mix(0xf4f4ee), c.mix(0x8793a6)
	c.rect(0, 0, width, height, night)
	c.disc(170, 110, 170, glow)
	c.disc(1030, 110, 170, glow)
	c.below(hills, hill(300, 40, 170, 80))
	c.polygon(stand, point{120, 300}, point{1080, 300}, point{1140, 420}, point{60, 420})
	for row := range 5 {
		for col := range 44 {
			if (row*7+col*5)%4 != 0 {
				c.disc(150+float64(col)*21-float64(row)*2, 318+float64(row)*20, 6, []ink{seat, white, glow}[(row+col*2)%3])
			}
		}
	}
	c.below(grass, func(float64) float64 { return 420 })
	for i := range 6 {
		x := 200 * float64(i)
		c.polygon(stripe, point{300 + x/2, 420}, point{350 + x/2, 420}, point{x + 100, 675}, point{x, 675})
	}
	c.line(point{0, 470}, point{1200, 470}, 5, white)
	c.line(point{600, 470}, point{600, 675}, 5, white)
	c.ellipse(600, 600, 170, 60, white)
	c.ellipse(600, 600, 164, 55, grass)
	c.line(point{600, 545}, point{600, 660}, 5, white)
	for _, x := range []float64{170, 1030} {
		c.rect(x-6, 120, 12, 300, mast)
		c.rect(x-62, 76, 124, 52, mast)
		for i := range 8 {
			c.disc(x-45+float64(i%4)*30, 90+float64(i/4)*24, 10, white)
		}
	}
	c.disc(660, 590, 17, white)
	c.disc(664, 588, 6, night)
}

// paintStage shows two figures in a cone of light between red curtains.
func paintStage(c *canvas) {
	dark, back, beam := c.mix(0x241a26), c.mix(0x3b2b3e), c.mix(0xf3d99a)
	floor, red, fold := c.mix(0x6b4a3c), c.mix(0xa62f38), c.mix(0x7f2029)
	figure, gown, gold := c.mix(0x1d1f2c), c.mix(0xdfe6ea), c.mix(0xd1a03f)
	c.rect(0, 0, width, height, dark)
	c.rect(180, 90, 840, 420, back)
	c.polygon(beam, point{590, 70}, point{650, 70}, point{860, 520}, point{360, 520})
	c.below(floor, func(float64) float64 { return 510 })
	c.ellipse(610, 545, 260, 42, beam)
	c.polygon(figure, point{520, 540}, point{590, 540}, point{578, 350}, point{532, 350})
	c.disc(555, 318, 32, figure)
	c.line(point{572, 375}, point{622, 420}, 16, figure)
	c.polygon(gown, point{630, 545}, point{750, 545}, point{706, 350}, point{672, 350})
	c.disc(689, 322, 29, gown)
	c.line(point{676, 380}, point{626, 424}, 13, gown)
	for i := range 9 {
		x := float64(i) * 28
		k := red
		if i%2 == 1 {
			k = fold
		}
		bottom := 590 - float64(i)*6
		c.polygon(k, point{x, 60}, point{x + 28, 60}, point{x + 22, bottom}, point{x - 8, bottom})
		c.polygon(k, point{1200 - x, 60}, point{1172 - x, 60}, point{1178 - x, bottom}, point{1208 - x, bottom})
	}
	c.rect(0, 0, width, 84, fold)
	for i := range 10 {
		c.ellipse(60+float64(i)*120, 84, 60, 34, red)
	}
	c.rect(0, 0, width, 70, red)
	c.rect(0, 62, width, 8, gold)
	for i := range 13 {
		c.disc(40+float64(i)*94, 668+float64(i%2)*8, 46, figure)
	}
}

// paintMicroscope shows a microscope beside a dish with growing spots.
func paintMicroscope(c *canvas) {
	wall, table, edge := c.mix(0xe3ecec), c.mix(0xb7c8c8), c.mix(0x93a9aa)
	body, dark, lens := c.mix(0x2f4858), c.mix(0x1e303c), c.mix(0x8fb8c9)
	dish, agar, rust := c.mix(0xf8f8f2), c.mix(0xf0dcb4), c.mix(0xc0603c)
	leaf := c.mix(0x5d9a78)
	c.rect(0, 0, width, height, wall)
	c.disc(380, 300, 240, c.mix(0xd3e1e1))
	c.below(table, func(float64) float64 { return 520 })
	c.rect(0, 520, width, 10, edge)
	c.ellipse(390, 560, 190, 38, dark)
	c.rect(250, 540, 280, 22, body)
	for i := range 60 { // the arm, a bow of overlapping discs
		a := -1.25 + float64(i)*0.045
		c.disc(372+150*math.Cos(a), 390+150*math.Sin(a), 24, body)
	}
	c.line(point{352, 262}, point{424, 262}, 44, body)
	c.rect(250, 440, 270, 20, dark)
	c.rect(300, 430, 90, 10, lens)
	c.line(point{352, 170}, point{352, 330}, 62, body)
	c.line(point{352, 120}, point{352, 160}, 46, dark)
	c.rect(322, 92, 60, 22, dark)
	c.line(point{352, 350}, point{352, 392}, 34, lens)
	c.line(point{352, 392}, point{352, 408}, 20, dark)
	c.disc(512, 430, 30, dark)
	c.disc(512, 430, 14, lens)
	c.ellipse(850, 540, 236, 92, edge)
	c.ellipse(850, 528, 236, 92, dish)
	c.ellipse(850, 528, 214, 80, agar)
	for i := range 34 {
		a := float64(i) * 2.399963 // the golden angle spreads the spots evenly
		r := 0.16 * math.Sqrt(float64(i))
		k := rust
		if i%3 == 0 {
			k = leaf
		}
		size := 8 + float64((i*7)%5)*3
		c.ellipse(850+190*r*math.Cos(a), 528+70*r*math.Sin(a), size, size*0.5, k)
	}
}

// paintWorkshop shows a factory with a saw-tooth roof and a large gear.
func paintWorkshop(c *canvas) {
	sky, cloud, hall := c.mix(0xf1e6d2), c.mix(0xfaf4e8), c.mix(0x8a5a44)
	roof, pane, dark := c.mix(0x5e3d30), c.mix(0xf0c76a), c.mix(0x33302e)
	ground, steel, shine := c.mix(0xc9b79a), c.mix(0x4b6a7c), c.mix(0x7f9dac)
	c.rect(0, 0, width, height, sky)
	for _, p := range []point{{180, 120}, {250, 104}, {320, 124}, {890, 92}, {965, 78}, {1030, 98}} {
		c.ellipse(p.x, p.y, 74, 30, cloud)
	}
	c.rect(120, 330, 960, 240, hall)
	for i := range 6 {
		x := 120 + float64(i)*160
		c.polygon(roof, point{x, 332}, point{x, 212}, point{x + 160, 332})
		c.polygon(pane, point{x + 10, 322}, point{x + 10, 240}, point{x + 40, 262}, point{x + 40, 322})
	}
	c.rect(960, 120, 46, 212, roof)
	for i := range 5 {
		c.rect(160+float64(i)*120, 386, 74, 66, pane)
		c.rect(194+float64(i)*120, 386, 6, 66, dark)
	}
	c.below(ground, func(float64) float64 { return 570 })
	paintGear(c, point{850, 480}, 150, steel, shine, sky)
	paintGear(c, point{1052, 560}, 82, shine, steel, sky)
	c.below(ground, func(x float64) float64 { return 640 - 6*math.Sin(x/140) })
}

// paintGear draws a toothed wheel of radius r with a ring and a bore.
func paintGear(c *canvas, at point, r float64, body, ring, bore ink) {
	c.fill(at.x-1.2*r, at.y-1.2*r, at.x+1.2*r, at.y+1.2*r, body, func(x, y float64) bool {
		dx, dy := x-at.x, y-at.y
		limit := r
		if math.Mod(math.Atan2(dy, dx)+math.Pi, math.Pi/7) < math.Pi/14 {
			limit = 1.17 * r
		}
		return math.Hypot(dx, dy) <= limit
	})
	c.disc(at.x, at.y, 0.62*r, ring)
	c.disc(at.x, at.y, 0.5*r, body)
	c.disc(at.x, at.y, 0.24*r, bore)
}
