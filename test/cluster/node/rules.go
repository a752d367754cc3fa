package node

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coreos/go-iptables/iptables"
)

// Tables are the host's nftables tables: what iptables creates and kube-proxy's own.
func Tables(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "nft", "list", "tables").Output()
	if err != nil {
		return nil, fmt.Errorf("failed to list the nftables tables: %w", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), nil
}

// RemoveRules removes what kube-proxy wrote on the host: its own clean-up first, then what that leaves, then the tables that
// were not there before.
func RemoveRules(ctx context.Context, components string, before []string) error {
	if out, err := exec.CommandContext(ctx, filepath.Join(components, "kube-proxy"), "--cleanup").CombinedOutput(); err != nil {
		return fmt.Errorf("failed to remove kube-proxy's rules from the host: %w: %s", err, out)
	}
	for _, protocol := range []iptables.Protocol{iptables.ProtocolIPv4, iptables.ProtocolIPv6} {
		tool, err := iptables.NewWithProtocol(protocol)
		if err != nil {
			return fmt.Errorf("failed to find iptables: %w", err)
		}
		for _, table := range []string{"filter", "nat", "mangle"} {
			if err := removeChains(tool, table); err != nil {
				return fmt.Errorf("failed to remove kube-proxy's chains of the table %s: %w", table, err)
			}
		}
	}
	return removeEmptyTables(ctx, before)
}

// removeChains removes the chains KUBE-…, which kube-proxy leaves where a kubelet might share them, and the jumps to them.
func removeChains(tool *iptables.IPTables, table string) error {
	chains, err := tool.ListChains(table)
	if err != nil {
		return err
	}
	for _, chain := range chains {
		rules, err := tool.List(table, chain)
		if err != nil {
			return err
		}
		for _, rule := range rules {
			if spec, ok := strings.CutPrefix(rule, "-A "+chain+" "); ok && strings.Contains(rule, "-j KUBE-") && !strings.HasPrefix(chain, "KUBE-") {
				if err := tool.Delete(table, chain, strings.Fields(spec)...); err != nil {
					return err
				}
			}
		}
	}
	ours := slices.DeleteFunc(chains, func(c string) bool { return !strings.HasPrefix(c, "KUBE-") })
	var failed []error
	for _, chain := range ours {
		failed = append(failed, tool.ClearChain(table, chain))
	}
	for _, chain := range ours {
		failed = append(failed, tool.DeleteChain(table, chain))
	}
	return errors.Join(failed...)
}

// removeEmptyTables removes the tables without a rule that were not there before.
func removeEmptyTables(ctx context.Context, before []string) error {
	after, err := Tables(ctx)
	if err != nil {
		return err
	}
	for _, table := range after {
		if slices.Contains(before, table) {
			continue
		}
		args := strings.Fields(table)
		out, err := exec.CommandContext(ctx, "nft", append([]string{"--stateless", "list"}, args...)...).Output()
		if err != nil {
			return fmt.Errorf("failed to list the nftables %s: %w", table, err)
		}
		if hasRules(string(out)) {
			continue // another program uses it by now
		}
		if err := exec.CommandContext(ctx, "nft", append([]string{"delete"}, args...)...).Run(); err != nil {
			return fmt.Errorf("failed to remove the nftables %s: %w", table, err)
		}
	}
	return nil
}

// hasRules reports whether a table's listing has more than empty chains.
func hasRules(listing string) bool {
	for line := range strings.SplitSeq(listing, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && line != "}" && !strings.HasSuffix(line, "{") && !strings.HasPrefix(line, "type ") && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}
