package app

import "testing"

func TestALargeHeapHasLittleGarbage(t *testing.T) {
	const mebi = 1 << 20
	for live, want := range map[uint64]int{
		0: 50, 18 * mebi: 50, 64 * mebi: 50, 80 * mebi: 40, 107 * mebi: 20, 210 * mebi: 10, 4096 * mebi: 10,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d MiB that live, GOGC is %d, want %d", live/mebi, got, want)
		}
	}
}
