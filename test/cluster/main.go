// Command tanist-cluster brings up a real Kubernetes on this machine, from Go modules and Debian packages alone.
package main

import (
	"os"

	"github.com/tanist-dev/tanist/test/cluster/cli"
)

func main() {
	os.Exit(cli.Run(source))
}
