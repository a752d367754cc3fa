package traffic

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

func TestMeterRefusesOtherOutput(t *testing.T) {
	if err := NewMeter().read(strings.NewReader("error: unknown command\n")); err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("error = %v, want the output in it", err)
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
		// Asked at 3.5 s, between the third and the fourth: the fifth is the first that began afterwards.
		if err != nil || got.Fresh.OK != 3 || time.Since(began) != 5*time.Second {
			t.Errorf("%d successes after %s, %v, want 3 after 5s", got.Fresh.OK, time.Since(began), err)
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
