"""The ``headwater`` command: parse, call one public function, show. One file a command."""
