package app

import "testing"

func TestALargeHeapHasLittleGarbage(t *testing.T) {
	const mebi = 1 << 20
	for live, want := range map[uint64]int{
		0: 100, 18 * mebi: 100, 64 * mebi: 100, 80 * mebi: 80, 128 * mebi: 50, 210 * mebi: 30, 320 * mebi: 20, 4096 * mebi: 20,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d MiB that live, GOGC is %d, want %d", live/mebi, got, want)
		}
	}
}
