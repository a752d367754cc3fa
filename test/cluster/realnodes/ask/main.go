// Command ask prints which nodes a cluster on this machine can have, real or simulated, and says on standard error why not real ones.
// With --required it fails instead.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tanist-dev/tanist/test/cluster/realnodes"
)

// removal says how to remove the clusters with real nodes, if they are this user's, and no other cluster. It reads what package cluster
// saves, but does not import that package: what it needs takes minutes to compile.
func removal() (said string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	files, _ := filepath.Glob(filepath.Join(cache, "tanist", "clusters", "*", "state.json")) // the pattern is right
	for _, file := range files {
		var state struct {
			Nodes int `json:"nodes"`
		}
		if raw, err := os.ReadFile(file); err == nil && json.Unmarshal(raw, &state) == nil && state.Nodes > 0 {
			said += fmt.Sprintf(" (bin/tanist-cluster --name %s down removes it)", filepath.Base(filepath.Dir(file)))
		}
	}
	return said
}

func main() {
	required := flag.Bool("required", false, "fail where there can be no real nodes")
	flag.Parse()
	err := realnodes.Check(context.Background())
	switch {
	case err != nil && *required:
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	case err == nil && !*required && realnodes.InUse():
		err = errors.New("another cluster on this machine has real nodes, and there is room for one such" + removal())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "The nodes are simulated: %v\n", err)
		fmt.Println("simulated")
		return
	}
	fmt.Println("real")
}
