package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
)

// The limits of a tuning. The library takes time that grows with the square of a mapping's keys, and an alias may stand for much more than
// it is long.
const (
	maxTuningSize = 64 << 10 // bytes
	maxDepth      = 10       // mappings and lists in one another
	maxKeys       = 100      // of a mapping
	maxNodes      = 2000     // keys, values and entries in all
)

// yamlToJSON converts the one document. sigs.k8s.io/yaml would ignore a second document, and take yes for true.
func yamlToJSON(content []byte) ([]byte, error) {
	if len(content) > maxTuningSize {
		return nil, fmt.Errorf("has %d bytes: must have at most %d", len(content), maxTuningSize)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, oneLine(err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be a single YAML document")
	}
	nodes := 0
	if err := checkNode(&document, 0, &nodes); err != nil {
		return nil, err
	}
	var value any
	if document.Kind != 0 { // it is not empty
		if err := document.Decode(&value); err != nil {
			return nil, oneLine(err)
		}
	}
	return json.Marshal(value, json.Deterministic(true))
}

// oneLine returns the error in one line. The library puts each mistake on its own.
func oneLine(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if more := len(lines) - 1 - MaxErrors; more > 0 {
		lines = append(lines[:1+MaxErrors], fmt.Sprintf("and %d more errors", more))
	}
	for i := range lines {
		lines[i] = cut(lines[i])
	}
	return errors.New(strings.Join(strings.Fields(strings.Join(lines, " ")), " "))
}

// checkNode checks a value and all in it against the limits. An alias counts like what it stands for.
func checkNode(node *yaml.Node, depth int, nodes *int) error {
	*nodes++
	switch {
	case depth > maxDepth:
		return fmt.Errorf("line %d: must have at most %d mappings and lists in one another", node.Line, maxDepth)
	case node.Kind == yaml.MappingNode && len(node.Content)/2 > maxKeys:
		return fmt.Errorf("line %d: a mapping has %d keys: must have at most %d", node.Line, len(node.Content)/2, maxKeys)
	case *nodes > maxNodes:
		return fmt.Errorf("line %d: must have at most %d keys, values and entries", node.Line, maxNodes)
	}
	if node.Kind == yaml.AliasNode {
		return checkNode(node.Alias, depth+1, nodes)
	}
	for _, child := range node.Content {
		if err := checkNode(child, depth+1, nodes); err != nil {
			return err
		}
	}
	return nil
}
