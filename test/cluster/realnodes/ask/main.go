// Command ask prints which nodes a cluster on this machine can have, real or simulated, and says on standard error why not real ones.
// With --required it fails instead.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/tanist-dev/tanist/test/cluster/realnodes"
)

func main() {
	required := flag.Bool("required", false, "fail where there can be no real nodes")
	flag.Parse()
	err := realnodes.Check(context.Background())
	switch {
	case err != nil && *required:
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	case err == nil && !*required && realnodes.InUse():
		err = errors.New("another cluster on this machine has real nodes, and there is room for one such (bin/tanist-cluster down --all removes it)")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "The nodes are simulated: %v\n", err)
		fmt.Println("simulated")
		return
	}
	fmt.Println("real")
}
