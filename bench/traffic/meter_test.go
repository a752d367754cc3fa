package traffic

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMeterReadsEachWindowOnce(t *testing.T) {
	m := NewMeter()
	if err := m.read(strings.NewReader("{\"number\":1,\"newConnections\":{\"ok\":5}}\n{\"number\":2,\"newConnections\":{\"ok\":7}}\n")); err != nil {
		t.Fatal(err)
	}
	// The connection broke: the whole output comes again, and goes on.
	if err := m.read(strings.NewReader("{\"number\":1}\n{\"number\":2}\n{\"number\":3,\"newConnections\":{\"ok\":1}}\n")); err != nil {
		t.Fatal(err)
	}
	if got := sum(m.windows).Fresh.OK; len(m.windows) != 3 || got != 13 {
		t.Errorf("%d windows with %d successes, want 3 with 13", len(m.windows), got)
	}
}

func TestMeterRead(t *testing.T) {
	const unreadable = `failed to read the traffic client's output "error: unknown command": ` +
		"invalid character 'e' looking for beginning of value"
	broken := errors.New("connection broken")
	tests := map[string]struct {
		output  io.Reader
		want    []int
		wantErr string
	}{
		"the windows of all lines": {output: strings.NewReader("{\"number\":1}\n{\"number\":2}\n"), want: []int{1, 2}},
		"a line that is no window hides no later one, and is in the error": {
			output: strings.NewReader("{\"number\":1}\nerror: unknown command\n\n{\"number\":2}\n"), want: []int{1, 2}, wantErr: unreadable,
		},
		"a last line without an end is left for the next time": {
			output: strings.NewReader("{\"number\":1}\n{\"numb"), want: []int{1},
		},
		"so is one that could be complete": {output: strings.NewReader("{\"number\":1}\n{\"number\":2}"), want: []int{1}},
		"a broken connection is in the error": {
			output: io.MultiReader(strings.NewReader("{\"number\":1}\n"), iotest.ErrReader(broken)), want: []int{1}, wantErr: broken.Error(),
		},
		"a line that is no window is the better explanation": {
			output: io.MultiReader(strings.NewReader("error: unknown command\n"), iotest.ErrReader(broken)), wantErr: unreadable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := NewMeter()
			gotErr := ""
			if err := m.read(test.output); err != nil {
				gotErr = err.Error()
			}
			if diff := cmp.Diff(test.wantErr, gotErr); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			var got []int
			for _, window := range m.windows {
				got = append(got, window.Number)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("windows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMeterSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, began := NewMeter(), time.Now()
		go func() {
			for number := 1; number <= 6; number++ {
				select {
				case <-time.After(time.Second):
				case <-t.Context().Done():
					return
				}
				_ = m.add(Window{Number: number, Fresh: Count{OK: 1}, Kept: Count{OK: 1}})
			}
		}()
		if err := m.AwaitFlow(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(1500 * time.Millisecond)
		mark := m.Mark()
		<-time.After(time.Second)
		got, err := m.Since(t.Context(), mark)
		// Asked at 3.5 s, between the third and the fourth: a request that was due then may end with the fifth, and be counted in the sixth.
		if err != nil || got.Fresh.OK != 4 || time.Since(began) != 6*time.Second {
			t.Errorf("%d successes after %s, %v, want 4 after 6s", got.Fresh.OK, time.Since(began), err)
		}
	})
}

func TestMeterSaysWhyNoMoreComes(t *testing.T) {
	m := NewMeter()
	_ = m.add(Window{Number: 1, Fresh: Count{OK: 1}})
	m.fail(errEnded)
	got, err := m.Since(t.Context(), 0)
	if !errors.Is(err, errEnded) || got.Fresh.OK != 1 {
		t.Errorf("got %+v, %v, want what there is and why it is not more", got, err)
	}
}
