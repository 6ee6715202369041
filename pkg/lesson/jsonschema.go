package lesson

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

// JSONSchema is the schema (draft 7) of what a lesson says in YAML: the front matter, and each
// block by its role. It is made of what the reader itself goes by. What a schema can't say (CEL, types
// of Kubernetes' API, references between blocks) the reader alone finds.
func JSONSchema() []byte {
	blocks := map[string]any{
		"frontMatter": frontMatter().schema(),
		"predict":     predictShape().schema(),
		"fault":       faultShape().schema(),
		"check":       list(checkShape, 1, maxChecks).schema(),
		"get":         getShape().schema(),
		"explain":     explainShape().schema(),
		"ask":         askShape().schema(),
		"wrong":       list(turnShape, 1, maxTurns).schema(),
		"step":        stepShape().schema(),
	}
	var each []any
	for _, name := range slices.Sorted(maps.Keys(blocks)) {
		each = append(each, members{"$ref": "#/definitions/" + name})
	}
	text, err := json.MarshalIndent(members{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"title":   "Blocks of a lesson for " + plugin.Command,
		"description": "The front matter of a lesson, and its YAML blocks by their role. To hold one block against its schema " +
			"take its definition, for example #/definitions/check.",
		"anyOf":       each,
		"definitions": blocks,
	}, "", "  ")
	if err != nil {
		panic(err) // of maps, lists and texts
	}
	return append(text, '\n')
}

// members is a JSON object.
type members = map[string]any

func (s shape) schema() members {
	properties, must := members{}, []any{}
	for _, f := range s.fields {
		of := f.form.schema()
		if f.about != "" {
			of["description"] = f.about
		}
		properties[f.key] = of
		if f.must {
			must = append(must, f.key)
		}
	}
	made := members{"type": "object", "properties": properties, "additionalProperties": false}
	if s.about != "" {
		made["description"] = s.about
	}
	if len(must) > 0 {
		made["required"] = must
	}
	if len(s.oneOf) > 0 {
		var ways []any
		for _, key := range s.oneOf {
			ways = append(ways, members{"required": []any{key}})
		}
		made["oneOf"] = ways
	}
	if len(s.either) > 0 {
		made["anyOf"] = s.either
	}
	if len(s.with) > 0 {
		needs := members{}
		for key, other := range s.with {
			needs[key] = []any{other}
		}
		made["dependencies"] = needs
	}
	return made
}

// rightOrWrong: a right option has no belief, a wrong one has one, and what is said to it.
func rightOrWrong() []members {
	return []members{
		{"properties": members{"right": members{"enum": []any{true}}}, "required": []any{"right"}, "not": members{"required": []any{"belief"}}},
		{"properties": members{"right": members{"enum": []any{false}}}, "required": []any{"belief", "answer"}},
	}
}

func (f form) schema() members {
	text := func() members { return members{"type": "string", "pattern": `\S`} }
	texts := func(least int) members {
		made := members{"type": "array", "items": text()}
		if least > 0 {
			made["minItems"] = least
		}
		return made
	}
	objects := members{"type": "array", "items": members{"type": "object"}}
	switch f.kind {
	case anID:
		return members{"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": maxID}
	case anExpr:
		return members{"type": []any{"string", "number", "boolean"}}
	case aCommand:
		return members{"type": "string", "pattern": `^\s*kubectl\s`}
	case aPath:
		return members{"type": "string", "pattern": "^/[^ #]*$"}
	case aTruth:
		return members{"type": "boolean"}
	case aNumber:
		return members{"type": "integer", "minimum": f.least, "maximum": f.most}
	case aTime:
		return members{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	case aWord:
		var words []any
		for _, w := range f.words {
			words = append(words, w)
		}
		return members{"enum": words}
	case someTexts:
		return texts(0)
	case textOrTexts, commands:
		return members{"anyOf": []any{text(), texts(1)}}
	case aMapping:
		return f.of().schema()
	case aList:
		made := members{"type": "array", "items": f.of().schema(), "maxItems": f.most}
		if f.least > 0 {
			made["minItems"] = f.least
		}
		return made
	case aQueryOrNil:
		return members{"type": []any{"string", "null"}}
	case someObjects:
		return objects
	case anExample:
		return members{"anyOf": []any{objects, f.of().schema()}}
	}
	return text()
}
