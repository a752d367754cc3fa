package components

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestABuildSaysThatItGoesOnWhereThereIsNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		lines := make(chan string)
		go func() {
			defer close(lines)
			<-time.After(15 * time.Second)
			lines <- "go: downloading k8s.io/api v0.37.2"
			lines <- "k8s.io/api/core/v1"
			<-time.After(20 * time.Second)
		}()
		other := follow(lines, newBuildProgress("[ 1/11] etcd", &out))
		want := "[ 1/11] etcd: 10s, 0 packages, last: nothing yet\n" +
			"[ 1/11] etcd: 20s, 1 packages, last: k8s.io/api/core/v1\n" +
			"[ 1/11] etcd: 30s, 1 packages, last: k8s.io/api/core/v1\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
		if other != "go: downloading k8s.io/api v0.37.2\n" {
			t.Errorf("%q is no package", other)
		}
	})
}
