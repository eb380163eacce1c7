package german

// Starts knows with which three letters the words of a list begin, so that most
// words of a text need not be looked up. Letters are compared by their low five
// bits: it may say yes to a beginning that is not listed, never no to one that is.
type Starts [1 << 15 / 64]uint64

// Start packs the first three letters of w, which must have them.
func Start(w []byte) uint32 {
	return uint32(w[0]&31)<<10 | uint32(w[1]&31)<<5 | uint32(w[2]&31)
}

// NextStart is the packed beginning one letter further on, of which c is the last.
func NextStart(k uint32, c byte) uint32 { return (k<<5 | uint32(c&31)) & (1<<15 - 1) }

// Add puts in the beginning of a word of three letters or more.
func (s *Starts) Add(w []byte) {
	k := Start(w)
	s[k>>6] |= 1 << (k & 63)
}

// Has reports that a word with this beginning may be listed.
func (s *Starts) Has(k uint32) bool { return s[k>>6]>>(k&63)&1 != 0 }
