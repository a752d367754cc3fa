// Command tanist-cluster brings up a real Kubernetes on this machine, from Go modules and Debian packages alone.
package main

import "os"

func main() {
	os.Exit(run())
}
