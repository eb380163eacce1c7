// Package turn keeps work that can wait from holding up what cannot, where both
// share a processor. A commit or an assessment computes for one or two milliseconds
// without a pause. A thread that an arriving request wakes meanwhile should go
// first, but the scheduler of Linux lets the one that runs finish its turn, and
// looks again only at the next tick of its clock, every 4 ms on most kernels. That is
// so on a single core, and on several where the kernel keeps threads on few of them,
// as that of a rented machine may.
//
// Both ways are needed: Long helps at any moment, but only where the kernel knows
// turns of different lengths; Offer helps on every kernel, but only where it is called.
package turn

// Long runs work whose thread gives way to every other that wakes meanwhile; what it
// loses so it gets back later. It is for work that computes: a goroutine that waits
// in it for another hands over its thread each time, which is slow.
func Long(work func()) { long(work) }

// Offer lets the threads that wait for this processor go first; where none does, it
// costs a quarter of a microsecond.
func Offer() { offer() }
