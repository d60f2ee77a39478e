"""The knowledge base for those who write it: list, editor, versions, files, import and export. Django pages, enhanced by editor.js."""
