package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUpSaysThatItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		step, end := steps(t.Context(), &out)
		<-time.After(5 * time.Second)
		step("control plane serves")
		<-time.After(16 * time.Second)
		step("ready")
		end()
		const want = "  5.0s control plane serves\n 10.0s still starting\n 20.0s still starting\n 21.0s ready\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	})
}
