package learn

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
)

// The file of a base: eight bytes of magic, the SHA-256 of everything after it,
// then a deflated body: counts, heads, statistics, tables.
const baseMagic = "FGBASE3\n"

// ErrDamaged says that a model file is not what was written.
var ErrDamaged = errors.New("the model file is damaged or not a model")

// ErrVersion says that a model file was written in another form than this
// program reads.
var ErrVersion = errors.New("the model file is of another version of the program: train it anew")

// maxBody bounds what a damaged file can make the reader allocate.
const maxBody = 64 << 20

// Encode writes the base. The same base gives the same bytes.
func (b *Base) Encode(w io.Writer) error {
	var raw bytes.Buffer
	e := encoder{w: &raw}
	neutral := uint32(0)
	if b.Neutral {
		neutral = 1
	}
	e.u32(neutral, uint32(len(b.Heads)), Buckets, uint32(len(b.Mean)), StemBuckets)
	for i := range b.Heads {
		h := &b.Heads[i]
		e.text(h.Name)
		e.f32(h.Limit, h.Bias, h.Slope, h.Shift, h.Cut)
		e.u32(h.Rows)
		e.f32(h.Dense...)
	}
	e.f32(b.Power)
	e.f32(b.Mean...)
	e.f32(b.Std...)
	raw.Write(b.idf())
	raw.Write(b.Stems)
	for h := range b.Heads { // one head after another packs better than interleaved
		for k := range Buckets {
			raw.WriteByte(b.cells[k<<b.shift+1+h])
		}
	}
	return writeSealed(w, baseMagic, raw.Bytes())
}

// writeSealed writes magic, digest and the deflated body.
func writeSealed(w io.Writer, magic string, raw []byte) error {
	var body bytes.Buffer
	z, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		return fmt.Errorf("pack model: %w", err)
	}
	if _, err := z.Write(raw); err != nil {
		return fmt.Errorf("pack model: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("pack model: %w", err)
	}
	sum := sha256.Sum256(body.Bytes())
	for _, part := range [][]byte{[]byte(magic), sum[:], body.Bytes()} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write model: %w", err)
		}
	}
	return nil
}

// readSealed checks magic and digest and returns the body and the digest.
func readSealed(r io.Reader, magic string) (raw []byte, digest string, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBody))
	if err != nil {
		return nil, "", fmt.Errorf("read model: %w", err)
	}
	if len(data) > len(magic) && string(data[:6]) == magic[:6] && string(data[:len(magic)]) != magic {
		return nil, "", ErrVersion
	}
	if len(data) < len(magic)+sha256.Size || string(data[:len(magic)]) != magic {
		return nil, "", ErrDamaged
	}
	sum, body := data[len(magic):len(magic)+sha256.Size], data[len(magic)+sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, "", ErrDamaged
	}
	raw, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxBody))
	if err != nil {
		return nil, "", ErrDamaged
	}
	return raw, hex.EncodeToString(sum), nil
}

// mostPower bounds Base.Power, so that no damaged file makes a weight infinite.
const mostPower = 4

// DecodeBase reads a base and returns it with the digest that names it.
func DecodeBase(r io.Reader) (*Base, string, error) {
	raw, digest, err := readSealed(r, baseMagic)
	if err != nil {
		return nil, "", err
	}
	d := decoder{b: raw}
	neutral, heads, buckets, dense, stems := d.u32(), d.u32(), d.u32(), d.u32(), d.u32()
	if neutral > 1 || heads > 8 || dense > 256 || d.bad {
		return nil, "", ErrDamaged
	}
	if buckets != Buckets || stems != StemBuckets {
		return nil, "", ErrVersion
	}
	b := &Base{Neutral: neutral == 1}
	for range heads {
		h := Head{Name: d.text(), Limit: d.f32(), Bias: d.f32(), Slope: d.f32(), Shift: d.f32(), Cut: d.f32(), Rows: d.u32()}
		h.Dense = d.floats(int(dense))
		h.fill()
		b.Heads = append(b.Heads, h)
	}
	power := d.f32()
	b.Mean, b.Std = d.floats(int(dense)), d.floats(int(dense))
	idf := d.bytes(Buckets)
	b.Stems = d.bytes(StemBuckets)
	b.layOut(idf, int(heads))
	for h := range int(heads) {
		for k, c := range d.bytes(Buckets) {
			b.cells[k<<b.shift+1+h] = c
		}
	}
	if d.bad || len(d.b) != 0 || !(power > 0 && power <= mostPower) || !b.finite() {
		return nil, "", ErrDamaged
	}
	b.SetPower(power)
	return b, digest, nil
}

// finite reports that no number of the base could poison a score.
func (b *Base) finite() bool {
	ok := true
	check := func(xs ...float32) {
		for _, x := range xs {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				ok = false
			}
		}
	}
	for _, h := range b.Heads {
		check(h.Limit, h.Bias, h.Slope, h.Shift, h.Cut)
		check(h.Dense...)
	}
	check(b.Mean...)
	check(b.Std...)
	for _, s := range b.Std {
		if s <= 0 {
			return false
		}
	}
	return ok
}

type encoder struct{ w *bytes.Buffer }

func (e encoder) u32(xs ...uint32) {
	for _, x := range xs {
		e.w.Write(binary.LittleEndian.AppendUint32(nil, x))
	}
}

func (e encoder) f32(xs ...float32) {
	for _, x := range xs {
		e.u32(math.Float32bits(x))
	}
}

func (e encoder) text(s string) {
	e.u32(uint32(len(s)))
	e.w.WriteString(s)
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) u32() uint32 {
	b := d.bytes(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (d *decoder) f32() float32 { return math.Float32frombits(d.u32()) }

func (d *decoder) floats(n int) []float32 {
	if n*4 > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = d.f32()
	}
	return out
}

func (d *decoder) text() string {
	n := d.u32()
	if n > 64 {
		d.bad = true
		return ""
	}
	return string(d.bytes(int(n)))
}

// Digest names a base by the bytes it would be written as.
func (b *Base) Digest() (string, error) {
	var buf bytes.Buffer
	w := bufio.NewWriter(&buf)
	if err := b.Encode(w); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", fmt.Errorf("write model: %w", err)
	}
	sum := buf.Bytes()[len(baseMagic) : len(baseMagic)+sha256.Size]
	return hex.EncodeToString(sum), nil
}
