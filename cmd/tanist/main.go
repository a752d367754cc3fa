// Command tanist gives each Service one leader, and hands over before that leader is gone. It runs in the cluster, with two or more
// replicas.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
)

// version is set by the build with -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	if err := app.Run(ctrl.SetupSignalHandler(), version, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tanist:", err)
		os.Exit(1)
	}
}
