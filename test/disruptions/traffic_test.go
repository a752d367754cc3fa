package disruptions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// window is one second's requests.
func window(number int, fresh, kept traffic.Count) traffic.Window {
	return traffic.Window{Number: number, Fresh: fresh, Kept: kept}
}

var ok, failed, none = traffic.Count{OK: 10}, traffic.Count{OK: 9, Failed: 1}, traffic.Count{}

func TestFlows(t *testing.T) {
	cases := map[string]struct {
		windows []traffic.Window
		want    bool
	}{
		"requests of both kinds succeed":                           {[]traffic.Window{window(1, ok, ok), window(2, ok, ok)}, true},
		"a client that has reported one window is not known well":  {[]traffic.Window{window(1, ok, ok)}, false},
		"no request on a kept connection in the latest window":     {[]traffic.Window{window(1, ok, ok), window(2, ok, none)}, false},
		"an earlier window without requests does not matter":       {[]traffic.Window{window(1, none, none), window(2, ok, ok), window(3, ok, ok)}, true},
		"a request failed a moment ago":                            {[]traffic.Window{window(1, failed, ok), window(2, ok, ok), window(3, ok, ok)}, false},
		"a failure that connection tracking has forgotten is past": {append([]traffic.Window{window(1, failed, ok)}, succeeding(2, remembered)...), true},
		"a failure that connection tracking still remembers":       {append([]traffic.Window{window(1, failed, ok)}, succeeding(2, remembered-1)...), false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if err := (&trafficClient{windows: test.windows}).flows(); (err == nil) != test.want {
				t.Errorf("got %v, want that requests flow: %t", err, test.want)
			}
		})
	}
}

// succeeding are windows without a failure.
func succeeding(from, n int) (windows []traffic.Window) {
	for i := range n {
		windows = append(windows, window(from+i, ok, ok))
	}
	return windows
}

func TestAStreamThatBeginsAnewRepeatsNoWindow(t *testing.T) {
	client := &trafficClient{}
	for _, number := range []int{1, 2, 1, 2, 3} {
		if err := client.add(window(number, ok, ok)); err != nil {
			t.Fatal(err)
		}
	}
	var numbers []int
	for _, w := range client.after(0) {
		numbers = append(numbers, w.Number)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, numbers); diff != "" {
		t.Errorf("unexpected windows (-want +got):\n%s", diff)
	}
}
