package app

import "testing"

func TestALargeHeapHasLittleGarbage(t *testing.T) {
	const mebi = 1 << 20
	for name, test := range map[string]struct {
		live, allocated uint64 // MiB
		want            int
	}{
		"nothing was collected yet":                     {0, 10, 50},
		"a small heap":                                  {18, 0, 50},
		"32 MiB of garbage are half of it":              {64, 0, 50},
		"they are less":                                 {80, 0, 40},
		"they are much less":                            {107, 0, 20},
		"a large heap":                                  {210, 0, 10},
		"a heap larger than any":                        {4096, 0, 10},
		"a large heap, some work":                       {210, 100, 10},
		"a large heap, more work":                       {210, 300, 30},
		"a large heap, in a start":                      {210, 2000, 50},
		"a small heap is collected as often as it must": {18, 2000, 50},
	} {
		if got := gcPercent(test.live*mebi, test.allocated*mebi); got != test.want {
			t.Errorf("%s: GOGC is %d, want %d", name, got, test.want)
		}
	}
}
