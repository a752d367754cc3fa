package realnodes

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// foreignProxy names the rules of a kube-proxy that is not ours, empty without one. Two would undo each other's work.
func foreignProxy(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "nft", "list", "tables").Output()
	if err != nil {
		return "", fmt.Errorf("failed to list the nftables tables: %w", err)
	}
	tables := strings.Split(strings.TrimSpace(string(out)), "\n")
	if i := slices.IndexFunc(tables, func(t string) bool { return strings.HasSuffix(t, " kube-proxy") }); i >= 0 {
		return "nftables " + tables[i], nil
	}
	if !slices.Contains(tables, "table ip nat") {
		return "", nil // asking iptables would create it
	}
	rules, err := exec.CommandContext(ctx, "iptables", "--table", "nat", "--list-rules").Output()
	if err != nil {
		return "", fmt.Errorf("failed to list the iptables rules: %w", err)
	}
	if slices.Contains(strings.Split(string(rules), "\n"), "-N KUBE-SERVICES") {
		return "iptables chain KUBE-SERVICES", nil
	}
	return "", nil
}
