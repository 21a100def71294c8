// promdump: what Prometheus's own parsers make of expositions. One JSON object a line in, {"format": "text"|"openmetrics", "body": base64},
// one a line out: {"samples": [{"name", "labels", "value"}], "error": string}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type request struct {
	Format string `json:"format"`
	Body   []byte `json:"body"`
}

type sample struct {
	Name   string      `json:"name"`
	Labels [][2]string `json:"labels"`
	Value  string      `json:"value"`
}

type reply struct {
	Samples []sample `json:"samples"`
	Error   string   `json:"error"`
}

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffered := bufio.NewWriter(os.Stdout)
	defer buffered.Flush()
	out := json.NewEncoder(buffered)
	for {
		var asked request
		if err := in.Decode(&asked); err != nil {
			return
		}
		if err := out.Encode(read(asked)); err != nil {
			os.Exit(1)
		}
	}
}

func read(asked request) reply {
	answer := reply{Samples: []sample{}}
	parser := textparse.NewPromParser(asked.Body, labels.NewSymbolTable(), false)
	if asked.Format == "openmetrics" {
		parser = textparse.NewOpenMetricsParser(asked.Body, labels.NewSymbolTable())
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return answer
		}
		if err != nil {
			answer.Error = err.Error()
			return answer
		}
		if entry == textparse.EntrySeries {
			answer.Samples = append(answer.Samples, sampleOf(parser))
		}
	}
}

// The first __name__ is the name: a label of that name may stand beside it.
func sampleOf(parser textparse.Parser) sample {
	var set labels.Labels
	_, _, value := parser.Series()
	parser.Labels(&set)
	found := sample{Labels: [][2]string{}, Value: strconv.FormatFloat(value, 'g', -1, 64)}
	set.Range(func(l labels.Label) {
		if l.Name == labels.MetricName && found.Name == "" {
			found.Name = l.Value
		} else {
			found.Labels = append(found.Labels, [2]string{l.Name, l.Value})
		}
	})
	return found
}
