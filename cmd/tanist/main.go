// Command tanist gives each Service one leader, and hands over before that leader is gone. It runs in the cluster, with two or more
// replicas.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
)

func main() {
	if err := app.Run(ctrl.SetupSignalHandler(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tanist:", err)
		os.Exit(1)
	}
}
